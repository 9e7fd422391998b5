#!/bin/sh
# Configures the peer of nginx.conf, the Deployment with the files that this one lacks, then runs
# its arguments: `PEER=frontend-canary sh /etc/nginx/peer.sh nginx`. Without arguments it also
# works in /docker-entrypoint.d/ of the official images.
#
#   PEER   Service of the peer, with `:port` if it is not 80. A name without a dot gets this
#          pod's own domain. If empty, there is no peer.
#
# nginx neither reads /etc/resolv.conf nor completes names, so both happen here. If anything
# fails, the server starts without a peer.

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

name=${PEER%%:*} port=${PEER#"${PEER%%:*}"}
case $name in
  *.*) ;;
  ?*) name=$name${domain:+.$domain} ;;
esac

case $name$port in
  '') text='' ;;
  *[!A-Za-z0-9.:_-]*)
    echo "peer.sh: PEER is no name of a Service: $PEER" >&2
    text='' ;;
  *)
    text="set \$peer $name${port:-:80};"
    # A Service keeps its IP address, so a longer lifetime than that of its record is enough.
    [ -z "$servers" ] || text="resolver$servers valid=10s; $text" ;;
esac

# Also writes an empty text, to replace what an earlier start has left.
{ echo "$text" >"$to"; } 2>/dev/null || [ -z "$text" ] || echo "peer.sh: cannot write $to" >&2

exec "$@"
