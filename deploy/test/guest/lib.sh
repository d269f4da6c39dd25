# Helpers of the checks in a virtual machine; busybox sh.

# try TEXT COMMAND...: one check.
try() {
  local text="$1"
  shift
  if "$@" >/tmp/try 2>&1; then echo "ok $text"; else
    echo "not ok $text"
    sed 's/^/    /' /tmp/try | tail -n 5
    tail -n 8 /run/daemon.log 2>/dev/null | sed 's/^/    daemon: /'
    return 1
  fi
}

# within SECONDS COMMAND...: until it is true.
within() {
  local left=$(($1 * 20))
  shift
  while ! "$@" 2>/dev/null; do
    left=$((left - 1))
    [ $left -gt 0 ] || { echo "not within the time: $*"; return 1; }
    sleep 0.05
  done
}

is() { [ "$1" = "$2" ] || { echo "expected $2, found $1"; return 1; }; }
page() { wget -q -O - "http://127.0.0.1:8080$1"; }
units() { page "/api/v1/units" | grep -o '"seq":' | wc -l; }
verdict() { page "/api/v1/units?limit=1" | sed -n 's/.*"verdict":"\([a-z]*\)".*/\1/p' | head -n 1; }
said() { grep -qi -- "$1" /run/daemon.log; }

# daemon: starts it; its words are in /run/daemon.log
daemon() {
  flashjig run >>/run/daemon.log 2>&1 &
  DAEMON=$!
  within 30 page /healthz >/dev/null
}

# stop: as systemd does
stop() { kill "$DAEMON" && wait "$DAEMON"; }

memory() { sed -n 's/^VmRSS:[[:space:]]*//p; s/^VmHWM:[[:space:]]*/highest /p' "/proc/$DAEMON/status" | tr '\n' ' '; }

# operate COMMAND...: runs a command that asks, and answers it as a person at the jig would: the checks say what is seen
# (`sees QUESTION` gives y or n) and move what is to be moved (`moves TEXT`). All that was said is in /run/asked.log.
operate() {
  local process answered=0 size text result
  rm -f /run/hand
  mkfifo /run/hand
  : >/run/asked.log
  "$@" </run/hand >/run/asked.log 2>&1 &
  process=$!
  exec 9>/run/hand
  while kill -0 $process 2>/dev/null; do
    size=$(wc -c </run/asked.log)
    text=$(tail -n 1 /run/asked.log)
    if [ "$size" != "$answered" ]; then
      case "$text" in
        *"[y/n] ") text=${text%\[y/n\] }; answered=$size; sees "${text##*\] }" >&9 ;;
        *"leave it out] ") answered=$size; echo >&9 ;;
        "to do  "* | *"] to do  "*) answered=$size; moves "${text##*to do  }" ;;
      esac
    fi
    sleep 0.05
  done
  exec 9>&-
  wait $process
  result=$?
  sed 's/^/# asked: /' /run/asked.log
  return $result
}

# yes_if COMMAND...: the answer of somebody who looks
yes_if() { if "$@" >/dev/null; then echo y; else echo n; fi; }
