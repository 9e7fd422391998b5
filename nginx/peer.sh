#!/bin/sh
# Configures the peer of nginx.conf, the Deployment with the files that this one lacks, and the collector of reports, then
# runs its arguments: `PEER=frontend-canary sh /etc/nginx/peer.sh nginx`. Without arguments it also works in
# /docker-entrypoint.d/ of the official images.
#
#   PEER        Service of the peer, with `:port` if it is not 80. A name without a dot gets this pod's own domain. If empty,
#               there is no peer.
#   COLLECTOR   Service of the collector, likewise.
#
# nginx neither reads /etc/resolv.conf nor completes names, so both happen here. If anything
# fails, the server starts without them.

to=/etc/nginx/peer/peer.conf

servers='' domain=''
while read -r key first rest; do
  case $key:$first in
    nameserver:*[!0-9A-Fa-f.:]*) ;; # Has a zone, which nginx does not support.
    nameserver:*:*) servers="$servers [$first]" ;;
    nameserver:?*) servers="$servers $first" ;;
    search:?* | domain:?*) domain=$first ;;
  esac
done </etc/resolv.conf

# setting VARIABLE SERVICE WORD: prints the line of nginx that sets a variable, or nothing.
setting() {
  name=${2%%:*} port=${2#"${2%%:*}"}
  case $name in
    *.*) ;;
    ?*) name=$name${domain:+.$domain} ;;
  esac
  case $name$port in
    '') ;;
    *[!A-Za-z0-9.:_-]*) echo "peer.sh: $3 is not the name of a Service: $2" >&2 ;;
    *) printf 'set $%s %s;' "$1" "$name${port:-:80}" ;;
  esac
}

text=$(setting peer "$PEER" PEER)
reports=$(setting collector "$COLLECTOR" COLLECTOR)
text=$text${text:+${reports:+ }}$reports
# A Service keeps its IP address, so a longer lifetime than that of its record is enough.
[ -z "$text" ] || [ -z "$servers" ] || text="resolver$servers valid=10s; $text"

# Also writes an empty text, to replace what an earlier start has left.
{ echo "$text" >"$to"; } 2>/dev/null || [ -z "$text" ] || echo "peer.sh: cannot write $to" >&2

exec "$@"
