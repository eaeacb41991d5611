#!/usr/bin/perl
# The follower at its daily work: where it begins, what it prints, how it behaves as a guest.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use Test::More;

my $static = start_log('static', '--api', 'static', '--size', '1500', '--seed', '1');
my $rfc = start_log('rfc', '--api', 'rfc6962', '--size', '1500', '--seed', '2', '--page', '64', '--strict-end');
my $hybrid = start_log('hybrid', '--api', 'hybrid', '--size', '1500', '--seed', '3');

# --- everything, once ---
for my $log ($static, $rfc, $hybrid) {
	my $name = $log->{name};
	my $list = list_of("$name.json", $log);
	my ($code, $out, $err) = once($list, "all-$name", '--from', 'start');
	is($code, 0, "$name: read to its head") or diag $err;
	my @rows = rows_of("all-$name");
	is_deeply([ map { $_->{tbs_sha256} } @rows ], [ truth_keys($log) ], "$name: every issuance once, in order");
	is_deeply([ map { $_->{seq} } @rows ], [ 1 .. @rows ], "$name: numbered without a hole");
	is(state_of("all-$name")->{$name}{verified}, 1500, "$name: verified to the last entry");
	($code, $out, $err) = once($list, "all-$name", '--from', 'start');
	is("$code $out", '0 ', "$name: a second run has nothing to say");
	for my $from (qw(1 255 256 700 1499 end)) {
		my $first = $from eq 'end' ? 1500 : $from;
		($code, $out, $err) = once($list, "from-$from-$name", '--from', $from);
		is($code, 0, "$name: from $from") or diag $err;
		is_deeply([ map { $_->{tbs_sha256} } rows_of("from-$from-$name") ], [ truth_keys($log, $first) ],
			"$name: exactly what is behind entry $from");
	}
}

# --- one issuance, two logs, precertificate and certificate ---
my $twin = start_log('twin', '--api', 'rfc6962', '--size', '1500', '--seed', '1');
my ($code, undef, $err) = once(list_of('twins.json', $static, $twin), 'twins', '--from', 'start');
is($code, 0, 'two logs with the same issuances') or diag $err;
my %count;
$count{ $_->{tbs_sha256} }++ for rows_of('twins');
is(scalar(grep { $_ > 1 } values %count), 0, 'no issuance is told twice');
my %want = map { $_ => 1 } truth_keys($static), truth_keys($twin);
is(scalar(keys %count), scalar(keys %want), 'and none is missing');
($code, undef, $err) = once(list_of('twin.json', $twin), 'all-static', '--from', 'start');
my %known = map { $_ => 1 } truth_keys($static);
my @new = grep { !$known{$_} } truth_keys($twin);
is(scalar(rows_of('all-static')) - truth_keys($static), scalar(@new), 'known issuances stay known over a restart');

# --- growth: followed as it comes ---
my $list = list_of('grow.json', $static);
my $pid = spawn_follow($list, 'grow', '--from', 'end');
ok(until_ok('the log is begun', sub { (state_of('grow')->{static}{read} // 0) == 1500 }), 'begins at the end');
for my $n (1 .. 4) {
	control($static, 'grow?entries=100&publish=1');
	my $size = 1500 + 100 * $n;
	ok(until_ok("entry $size", sub { (state_of('grow')->{static}{verified} // 0) == $size }), "$size entries");
}
# It is written down first and told then.
my @truth = truth_keys($static, 1500);
until_ok('all of it is told', sub { rows_of('grow') >= @truth });
is_deeply([ map { $_->{tbs_sha256} } rows_of('grow') ], \@truth, 'all of it');

# --- politeness ---
my @before = requests_of($static);
ok(until_ok('five looks at the head', sub { requests_of($static) >= @before + 5 }), 'an idle log is looked at');
my @idle = (requests_of($static))[ scalar(@before) .. scalar(@before) + 4 ];
is(scalar(grep { $_->{path} ne '/checkpoint' } @idle), 0, 'and nothing else is fetched');
is(stop_it($pid), 0, 'SIGTERM: the work at hand is committed, exit code 0');
my %tiles;
$tiles{ $_->{path} }++ for grep { $_->{path} =~ /^\/tile/ && $_->{status} == 200 } (requests_of($static))[ scalar(@before) .. $#{ [ requests_of($static) ] } ];
is(scalar(grep { $_ > 1 } values %tiles), 0, 'no tile is fetched twice');
my @agents = grep { ($_->{user_agent} // '') !~ m{^hikeshi/\S+ \(\+soc\@mihon-bank\.example\)$} } grep { $_->{path} !~ m{^/control} } requests_of($static);
is(scalar(@agents), 0, 'every request carries the contact') or diag explain $agents[0];

# --- pacing ---
my $paced = start_log('paced', '--api', 'static', '--size', '6000', '--seed', '5');
($code, undef, $err) = once(list_of('paced.json', $paced), 'paced', '--from', 'start', '--rate', '20', '--in-flight', '16');
is($code, 0, 'a paced run') or diag $err;
my @times = map { $_->{ms} } grep { $_->{path} !~ m{^/control} } requests_of($paced);
cmp_ok(scalar(@times), '>=', 24, 'of some 25 requests');
my $most = 0;
for my $i (0 .. $#times) {
	my $n = grep { $_ >= $times[$i] && $_ < $times[$i] + 500 } @times;
	$most = $n if $n > $most;
}
cmp_ok($most, '<=', 5 + 10 + 2, "at most the burst and 10 in half a second ($most)");

# --- who may start ---
for my $bad ('you@bank.test', 'soc@example.com', 'nobody', 'http://bank.test/') {
	($code, undef, $err) = once($list, 'refused', '--contact', $bad);
	is($code, 64, "contact $bad is refused");
	like($err, qr/contact/, 'with a line that says what is missing');
}
$pid = spawn_follow($list, 'busy');
ok(until_ok('it runs', sub { -s "$work/busy/lock" }), 'a follower runs');
until_ok('its state is there', sub { -s "$work/busy/state" });
($code, undef, $err) = once($list, 'busy');
is($code, 77, 'a second one in the same folder is refused');
like($err, qr/in use by process $pid;/, 'and told who has it');
stop_it($pid);

# --- verify, logs ---
my $verify = `'$CtFollow::hikeshi' ct verify --config /dev/null --log '$rfc->{url}' --key '$rfc->{key}' --contact $contact --rate 0 2>&1`;
like($verify, qr/ 1500 entries hash to the root/, 'ct verify: RFC 6962');
$verify = `'$CtFollow::hikeshi' ct verify --config /dev/null --log '$paced->{url}' --key '$paced->{key}' --contact $contact --rate 0 2>&1`;
like($verify, qr/ 6000 entries hash to the root/, 'ct verify: static-ct');
my $table = `'$CtFollow::hikeshi' ct logs --config /dev/null --state '$work/grow' 2>&1`;
like($table, qr/^static .* following +1900 +0 /m, 'ct logs: a row of health');

done_testing();
