#!/bin/sh
# The control of the range's sites: every state of sitestates.def is seen by a visitor, by the DNS and by the registry; half a site can go; all come back.
. "$(dirname -- "$0")/../tap.sh"
host=www.mihon-login.test
cat >"$work/data.json" <<'END'
{"dns": {"*": {"A": ["203.0.113.5"]}},
 "http": {"rdap.registry.test/domain/*": {"body": {"objectClassName": "domain", "ldhName": "{*}", "status": ["active"]}}}}
END
ready() { # ready NAME: waits for its line
	tries=0
	while [ ! -s "$work/$1" ] && [ "$tries" -lt 300 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
}
"$HK_BUILD/range/hikeshi-range" sites --others --data "$work/data.json" >"$work/sites" 2>"$work/sites.err" &
stop_at_end $!
"$HK_BUILD/range/hikeshi-range" registry --dir "$work/registry" --data "$work/data.json" >"$work/registry.out" 2>"$work/registry.err" &
stop_at_end $!
ready sites
ready registry.out
port=$(sed 's/.*"port":\([0-9]*\).*/\1/' "$work/sites")
dns=$(sed 's/.*"dns":\([0-9]*\).*/\1/' "$work/registry.out")
visit() { # visit PATH: $code, 000 when there was no answer
	code=$(curl -s -q --noproxy '*' --max-time 20 -o "$work/body" -w '%{http_code}' -H "Host: $host" "http://127.0.0.1:$port$1")
}
told() { run curl -s -q --noproxy '*' -X POST "http://127.0.0.1:$port/-/sites?host=$host&$1"; }
# rcode: the code of the DNS's answer about the host: the low half of its fourth byte.
rcode() {
	perl -MIO::Socket::INET -e 'my ($port, $name) = @ARGV;
		my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $port, Proto => "udp") or die;
		send $s, pack("n6", 7, 0x0100, 1, 0, 0, 0) . join("", map { pack("C/a", $_) } split /\./, $name) . pack("Cnn", 0, 1, 1), 0;
		recv $s, my $answer, 4096, 0; print ord(substr($answer, 3, 1)) & 15' "$dns" "$host"
}
rdap() { curl -s -q --noproxy '*' -H 'Host: rdap.registry.test' "http://127.0.0.1:$port/domain/$1"; }

visit /
is "$code" 200 "a site is there"
cp "$work/body" "$work/first"
is "$(rcode)" 0 "the DNS knows it"
for pair in gone=404 emptied=200 replaced=200 suspended=200 parked=200 warned=403 challenged=403 denied=403 broken=503 sinkholed=200 silent=000 hold=000 nxdomain=000 reused=200; do
	told "state=${pair%=*}"
	like "$out" "\"$host\":\"${pair%=*}\"" "told to be ${pair%=*}"
	visit /
	is "$code" "${pair#*=}" "and so it is: ${pair#*=}"
	[ "$code" = 000 ] || is "$(cmp -s "$work/body" "$work/first" && echo same)" "" "not what it showed before"
	case ${pair%=*} in hold | nxdomain) want=3 ;; *) want=0 ;; esac
	is "$(rcode)" "$want" "the DNS says so ($want)"
	case ${pair%=*} in hold) held=yes ;; *) held= ;; esac
	is "$(rdap mihon-login.test | grep -q 'client hold' && echo yes)" "$held" "and the registry (${held:-nothing})"
done
told state=live
visit /
is "$code" 200 "it comes back"
is "$(cmp "$work/body" "$work/first" && echo same)" same "as it was"
is "$(rcode)" 0 "with its name"
told "state=gone&path=/2"
visit /2
is "$code" 404 "one page goes"
visit /
is "$code" 200 "the other stays"
told state=burnt
like "$out" 'states: live gone' "an unknown state is refused with those that there are"
host=other.test
visit /-/sites
unlike "$(cat "$work/body")" "\"www.mihon-login.test\"" "another host has no control"
done_testing
