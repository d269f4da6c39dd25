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
