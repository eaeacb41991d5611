#!/usr/bin/perl
# The log list: from a URL, its states and intervals, logs that come and go.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use JSON::PP;
use Test::More;

my $one = start_log('one', '--api', 'static', '--size', '300', '--seed', '1');
my $two = start_log('two', '--api', 'static', '--size', '300', '--seed', '2');

# changed(file, log, sub): a list of one log, changed by the sub.
sub changed {
	my ($file, $log, $change) = @_;
	my $list = decode_json(slurp(list_of($file, $log)));
	$change->($list->{operators}[0]{tiled_logs}[0]);
	return spew("$work/$file", encode_json($list));
}

# --- a URL ---
my ($code, undef, $err) = once("$one->{url}log_list.json", 'url', '--from', 'start');
is($code, 0, 'a list from a URL') or diag $err;
is(scalar(rows_of('url')), scalar(truth_keys($one)), 'its log is read');
($code, undef, $err) = once('http://log.mihon-bank.example/list.json', 'url');
is($code, 77, 'plain http beyond loopback is refused');
like($err, qr/plain http is for loopback/, 'with the reason');
($code, undef, $err) = once("$work/none.json", 'none');
is($code, 66, 'a list that is not there');
($code, undef, $err) = once(spew("$work/bad.json", '{"operators":'), 'none');
is($code, 65, 'a list that is no list');

# --- states and intervals ---
for my $state (qw(pending retired rejected)) {
	($code, undef, $err) = once(changed("$state.json", $one, sub { $_[0]{state} = { $state => { timestamp => '2026-01-01T00:00:00Z' } } }),
		$state, '--from', 'start');
	is("$code " . rows_of($state), '0 0', "$state: not read") or diag $err;
}
my $over = { start_inclusive => '2020-01-01T00:00:00Z', end_exclusive => '2020-07-01T00:00:00Z' };
($code, undef, $err) = once(changed('over.json', $one, sub { $_[0]{temporal_interval} = $over }), 'over', '--from', 'start');
is("$code " . rows_of('over'), '0 0', 'an interval that is over: not read') or diag $err;

# --- read-only: to its final tree head, and no further ---
my $head = control($one, 'state');
control($one, 'grow?entries=100&publish=1');
my $final = sub {
	my ($root) = @_;
	return sub {
		$_[0]{state} = { readonly => { timestamp => '2026-01-01T00:00:00Z',
			final_tree_head => { tree_size => 300, sha256_root_hash => $root } } };
	};
};
($code, undef, $err) = once(changed('readonly.json', $one, $final->($head->{root})), 'readonly', '--from', 'start');
is($code, 0, 'read-only') or diag $err;
is(state_of('readonly')->{one}{verified}, 300, 'is read to its final tree head');
is(state_of('readonly')->{one}{status}, 'finished', 'and then left alone');
my $before = requests_of($one);
($code, undef, $err) = once("$work/readonly.json", 'readonly');
my @asked = grep { $_->{path} !~ m{^/control} } (requests_of($one))[ $before .. $#{ [ requests_of($one) ] } ];
cmp_ok(scalar(@asked), '<=', 1, 'for good');
($code, undef, $err) = once(changed('wrong.json', $one, $final->('A' x 43 . '=')), 'wrong', '--from', 'start');
is($code, 76, 'a final tree head that is not the root of the entries stops the log');

# The usual case: the log itself shows the final tree head of the list, and nothing beyond it.
my $full = start_log('full', '--api', 'static', '--size', '300', '--seed', '3');
($code, undef, $err) = once(changed('full.json', $full, $final->(control($full, 'state')->{root})), 'full', '--from', 'start');
is($code, 0, 'read-only, and its head is the final one') or diag $err;
is(scalar(rows_of('full')), scalar(truth_keys($full)), 'is read as well');
is(state_of('full')->{full}{status}, 'finished', 'to its end');
($code, undef, $err) = once(spew("$work/empty.json", '{"version":"1","operators":[]}'), 'none');
is($code, 65, 'a list without any log');

# --- coming and going ---
my $list = list_of('change.json', $one);
my $pid = spawn_follow($list, 'change', '--from', 'start');
ok(until_ok('the first', sub { (state_of('change')->{one}{verified} // 0) == 400 }), 'one log is listed');
list_of('change.json', $one, $two);
kill 'HUP', $pid;
ok(until_ok('the second', sub { (state_of('change')->{two}{verified} // 0) == 300 }), 'a second one comes, at SIGHUP');
list_of('change.json', $two);
kill 'HUP', $pid;
ok(until_ok('drained', sub { (state_of('change')->{one}{status} // '') eq 'drained' }), 'the first one goes: drained');
control($_, 'grow?entries=10&publish=1') for $one, $two;
ok(until_ok('two grows', sub { (state_of('change')->{two}{verified} // 0) == 310 }), 'the second one is still followed');
is(state_of('change')->{one}{verified}, 400, 'the first one is not');
list_of('change.json', $one, $two);
kill 'HUP', $pid;
ok(until_ok('one is back', sub { (state_of('change')->{one}{verified} // 0) == 410 }), 'it comes back and goes on where it stood');
for my $broken ('nonsense', '{"version":"2","operators":[]}') {
	my $said = () = slurp("$work/change.err") =~ /warning ct\.list-failed/g;
	spew("$work/change.json", $broken);
	kill 'HUP', $pid;
	ok(until_ok('said so', sub { (() = slurp("$work/change.err") =~ /warning ct\.list-failed/g) > $said }),
		"a list that is $broken now is a warning");
}
control($two, 'grow?entries=10&publish=1');
ok(until_ok('two grows', sub { (state_of('change')->{two}{verified} // 0) == 320 }), 'and the last good one stays');
is(stop_it($pid), 0, 'SIGTERM');
my @keys = sort map { $_->{tbs_sha256} } rows_of('change');
my %want = map { $_ => 1 } truth_keys($one), truth_keys($two);
is_deeply(\@keys, [ sort keys %want ], 'every issuance of both, once');

done_testing();
