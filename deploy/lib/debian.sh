# Debian packages into a folder of ours, for amd64 and arm64: an apt index of its own, and packages that are unpacked and
# never installed. To be sourced. Needs a Debian 12 or newer; no root, no Docker.
# shellcheck shell=bash

# debian_index FOLDER [SUITE]: reads this machine's own Debian sources for both architectures; or those of another suite
# of Debian, such as trixie. armhf needs none of them: its C library comes in an "all" package for cross compilers.
debian_index() {
  local folder=$1 suite=${2:-} sources=/etc/apt/sources.list.d/debian.sources
  [ -r $sources ] || { echo "expected $sources (Debian 12 or newer), found none; run this on Debian" >&2; return 2; }
  mkdir -p "$folder"/apt/lists/partial "$folder"/apt/archives/partial
  sed '/^Architectures:/d; s/^Types:.*/&\nArchitectures: amd64 arm64/' $sources >"$folder/apt/d.sources"
  if [ -n "$suite" ]; then
    # the first entry alone: the security archive names its suites otherwise
    sed -i "/^\$/,\$d; s/^Suites:.*/Suites: $suite/" "$folder/apt/d.sources"
  fi
  APT=(-q -o "Dir::Etc::sourcelist=$folder/apt/d.sources" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$folder/apt/lists"
    -o Dir::State::status=/dev/null -o "Dir::Cache::archives=$folder/apt/archives" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
    -o APT::Architecture=amd64 -o APT::Architectures::=amd64 -o APT::Architectures::=arm64 -o APT::Sandbox::User=root)
  # an index of today is good enough
  if [ -z "$(find "$folder/apt/stamp" -mtime -1 2>/dev/null)" ]; then
    apt-get "${APT[@]}" update >/dev/null
    touch "$folder/apt/stamp"
  fi
}

# debian_unpack FOLDER INTO PACKAGE[:ARCH]...: downloads these packages (not what they depend on) and unpacks them.
debian_unpack() {
  local folder=$1 into=$2 mark package
  shift 2
  mkdir -p "$folder/deb" "$into"
  for package in "$@"; do
    mark="$into/.unpacked-${package//:/-}"
    [ -e "$mark" ] && continue
    (rm -rf "$folder/deb/now" && mkdir "$folder/deb/now" && cd "$folder/deb/now" && apt-get "${APT[@]}" download "$package" >/dev/null &&
      dpkg-deb -x ./*.deb "$into" && mv ./*.deb ..) || { echo "$package: expected a package of Debian, could not be fetched" >&2; return 2; }
    : >"$mark"
  done
}
