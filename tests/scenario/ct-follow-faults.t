#!/usr/bin/perl
# Logs that fail and logs that lie: the first are waited for, the second are stopped with the evidence kept.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use Test::More;

sub folders {
	my ($state, $kind) = @_;
	my @found = glob("$work/$state/evidence/*/*-$kind*");
	return @found;
}

# --- failures are waited out ---
my %faults = (
	'static' => [ '429:0.1:date', '5xx:0.1', 'drop:0.05', 'truncate:0.1', 'corrupt-gzip:0.1', 'partial-404:0.3', 'html:0.05',
		'stale-head:0.2', 'bad-signature:0.05', 'gzip-unasked:0.2', 'wrong-leaf-index:0.05' ],
	'rfc6962' => [ '429:0.1:1', '5xx:0.1', 'drop:0.05', 'short:0.3', 'empty:0.1', 'too-many:0.1', 'truncate:0.1', 'bad-json:0.1',
		'fresh-400:0.2', 'stale-head:0.2', 'html:0.05', 'bad-signature:0.05' ],
);
for my $api (sort keys %faults) {
	my $log = start_log("bad-$api", '--api', $api, '--size', '700', '--strict-end', '--publish-ms', '100', '--rate', '40',
		map { ('--fault', $_) } @{ $faults{$api} });
	my $pid = spawn_follow(list_of("bad-$api.json", $log), "bad-$api", '--from', 'start');
	my $name = "bad-$api";
	ok(until_ok('800 entries', sub { (state_of($name)->{$name}{verified} // 0) >= 800 }), "$api: gets through every failure")
		or diag CtFollow::slurp("$work/$name.err");
	control($log, 'rate?per_second=0');
	my $size = control($log, 'publish')->{size};
	ok(until_ok('the end', sub { (state_of($name)->{$name}{verified} // 0) == $size }), "$api: to the end");
	is(stop_it($pid), 0, "$api: stops in good order");
	is_deeply([ map { $_->{tbs_sha256} } rows_of($name) ], [ truth_keys($log) ], "$api: everything once, in order");
	is(state_of($name)->{$name}{status}, 'active', "$api: failures are not lies");
	my @alarms = (folders($name, 'root-mismatch'), folders($name, 'inconsistent-head'));
	is(scalar(@alarms), 0, "$api: no false alarm");
}

# --- answers that are never right ---
for my $case ([ 'static', 'wrong-leaf-index' ], [ 'rfc6962', 'bad-json@entries' ]) {
	my ($api, $fault) = @$case;
	my $log = start_log("never-$api", '--api', $api, '--size', '300', '--fault', "$fault:1");
	my ($code, undef, $err) = once(list_of("never-$api.json", $log), "never-$api", '--from', 'start');
	is($code, 69, "$api, $fault at each answer: given up") or diag $err;
	# Slower and slower: two bodies are under way, each failure counts.
	my @asked = grep { $_->{path} =~ /data|get-entries/ } requests_of($log);
	cmp_ok(scalar(@asked), '<=', 24, 'after few requests');
}

# --- Retry-After is kept ---
for my $form ('2', 'date') {
	my $log = start_log("wait-$form", '--api', 'static', '--size', '300', '--fault', "429\@head:first-1:$form");
	my ($code, undef, $err) = once(list_of("wait-$form.json", $log), "wait-$form", '--from', 'start');
	is($code, 0, "Retry-After: $form") or diag $err;
	my @heads = map { $_->{ms} } grep { $_->{path} eq '/checkpoint' } requests_of($log);
	# The date form counts whole seconds: "in 1 s" can be any time from now to a second ahead.
	cmp_ok($heads[1] - $heads[0], '>=', $form eq '2' ? 1950 : 200, 'is kept');
}

# --- a log that shows two truths ---
my $honest = start_log('honest', '--api', 'static', '--size', '600', '--seed', '9');
my $forked = start_log('forked', '--api', 'static', '--size', '600', '--seed', '8');
my $list = list_of('fork.json', $honest, $forked);
my $pid = spawn_follow($list, 'fork', '--from', 'start');
ok(until_ok('both are read', sub {
	my $s = state_of('fork');
	return ($s->{honest}{verified} // 0) == 600 && ($s->{forked}{verified} // 0) == 600;
}), 'two logs are followed');
my $told = () = rows_of('fork');
control($forked, 'fault', "fork:1:10\n");
control($_, 'grow?entries=50&publish=1') for $honest, $forked;
ok(until_ok('the fork is seen', sub { (state_of('fork')->{forked}{status} // '') eq 'stopped' }), 'the forked log is stopped');
ok(until_ok('the other goes on', sub { (state_of('fork')->{honest}{verified} // 0) == 650 }), 'the other log goes on');
my ($folder) = (folders('fork', 'root-mismatch'), folders('fork', 'inconsistent-head'));
ok($folder && -s "$folder/head-older" && -s "$folder/head-newer", 'both heads are kept');
ok($folder && -s "$folder/why.txt", 'with a word on what happened');
my @entries = glob("$folder/entries-*");
# A head that does not fit is sometimes seen before anything behind it was read: then there are none to keep.
ok(scalar(@entries) || $folder =~ /inconsistent-head/, 'and the entries');
like(slurp("$work/fork.err"), qr/ error ct\.(root-mismatch|head-inconsistent) log=forked/, 'an error event is raised');
is(stop_it($pid), 0, 'SIGTERM');
my %url = map { $_->{url} => $_->{name} } $honest, $forked;
is(scalar(grep { ($url{ $_->{log} } // '') eq 'forked' && $_->{index} >= 600 } rows_of('fork')), 0, 'nothing of the second truth is told');
is(scalar(grep { ($url{ $_->{log} } // '') eq 'honest' && $_->{index} >= 600 } rows_of('fork')) > 0, 1, 'but of the honest log');
my ($code, undef, $err) = once($list, 'fork');
is($code, 76, 'a stopped log stays stopped');
like($err, qr/^hikeshi: forked is stopped: /m, 'and says so');

# --- entries that are not what was signed ---
for my $api ('static', 'rfc6962') {
	my $log = start_log("lie-$api", '--api', $api, '--size', '500', '--fault', 'root-mismatch:1:123');
	($code, undef, $err) = once(list_of("lie-$api.json", $log), "lie-$api", '--from', 'start');
	is($code, 76, "$api: an entry that was changed");
	is(scalar(rows_of("lie-$api")), 0, "$api: nothing of it is told");
	my @kept = folders("lie-$api", 'root-mismatch');
	ok(scalar(@kept), "$api: the evidence is kept");
}

# --- the same size, another root ---
my $two = start_log('two', '--api', 'rfc6962', '--size', '400');
$pid = spawn_follow(list_of('two.json', $two), 'two', '--from', 'start');
until_ok('it is read', sub { (state_of('two')->{two}{verified} // 0) == 400 });
control($two, 'fault', "fork\@head:1:5\n");
ok(until_ok('seen', sub { (state_of('two')->{two}{status} // '') eq 'stopped' }), 'two roots for one size stop a log');
my @kept = folders('two', 'inconsistent-head');
ok(scalar(@kept), 'with evidence');
stop_it($pid);

done_testing();
