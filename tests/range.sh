# tests/range.sh: a CT log of hikeshi-range for shell tests. After tests/tap.sh:
#
#   . "$(dirname -- "$0")/../range.sh"
#   range_start --size 600            # -> $url, $range_pid; the folder is $work/log
#   get checkpoint                    # -> $code, $body (text), $work/.body (bytes)
#   control POST append?publish=1 'login.mihon-bank.example'
#   range_stop
# shellcheck shell=sh

# Sets shell variables for the tests that read this file.
# shellcheck disable=SC2034
range_start() {
	: >"$work/ready" # an earlier one must not be taken for the new one
	"$HK_BUILD/range/hikeshi-range" ct-log --dir "$work/log" "$@" >"$work/ready" 2>"$work/range.err" </dev/null &
	range_pid=$!
	stop_at_end "$range_pid"
	range_waited=0
	while ! grep -q '^{.*}$' "$work/ready" && kill -0 "$range_pid" 2>/dev/null && [ "$range_waited" -lt 600 ]; do
		sleep 0.05
		range_waited=$((range_waited + 1))
	done
	ready=$(cat "$work/ready")
	url=$(member "$ready" url)
	range_key=$(member "$ready" key)
}

range_stop() {
	kill "$range_pid" 2>/dev/null
	wait "$range_pid" 2>/dev/null
}

# member JSON NAME: the value of a member that is a string without escapes, or a number.
member() { printf '%s\n' "$1" | sed -n "s|.*\"$2\":\"\\{0,1\\}\\([^\",}]*\\).*|\\1|p" | head -n 1; }

# get PATH [CURL-OPTION...]: $code is 000 when there was no answer.
# shellcheck disable=SC2034
get() {
	get_path=$1
	shift
	: >"$work/.body"
	code=$(curl -s -q --noproxy '*' --max-time 30 -o "$work/.body" -D "$work/.head" -w '%{http_code}' "$@" "$url$get_path")
	get_status=$?
	body=$(tr -d '\000' <"$work/.body")
}

size_of() { wc -c <"$1" | tr -d ' '; }

# control METHOD PATH [BODY]
control() {
	get "control/$2" -X "$1" -H "Authorization: Bearer $(cat "$work/log/token")" --data-binary "${3-}"
}
