#!/bin/sh
# Tells nginx.conf which other Deployment to ask for files that this one lacks, then runs what
# follows: `PEER=frontend-canary sh /etc/nginx/peer.sh nginx`. Without an argument it fits into
# /docker-entrypoint.d/ of the official images.
#
#   PEER   the other's Service, with `:port` if that is not 80. A name without a dot gets this
#          pod's own domain. Empty: nobody is asked.
#
# nginx neither reads /etc/resolv.conf nor completes names, so both happen here. Whatever goes
# wrong, the server starts, and nobody is asked.

to=/etc/nginx/peer/peer.conf

servers='' domain=''
while read -r key first rest; do
  case $key:$first in
    nameserver:*[!0-9A-Fa-f.:]*) ;; # With a zone, which nginx does not take.
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
    # A Service keeps its address: no need to look it up as often as its record asks for.
    [ -z "$servers" ] || text="resolver$servers valid=10s; $text" ;;
esac

# Written also when it is empty: what an earlier start left there no longer holds.
{ echo "$text" >"$to"; } 2>/dev/null || [ -z "$text" ] || echo "peer.sh: cannot write $to" >&2

exec "$@"
