#!/usr/bin/perl
# kill -9 at random moments, on a growing log with faults: nothing lost, nothing doubled. HK_SOAK=N: N kills for each case.
# Then the other ways to be interrupted: a full disk, a reader that goes away, SIGHUP.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use Test::More;
use Time::HiRes qw(time sleep);

my $kills = $ENV{HK_SOAK} || 10;
my $seed = $ENV{HK_SEED} || time();
srand($seed);
diag("HK_SEED=$seed HK_SOAK=$kills") if $ENV{HK_SOAK};
# A long run must end in a longer time.
$CtFollow::deadline_s = 120 if $ENV{HK_SOAK};

my @cases = (
	[ 'static', 'file', [ '--api', 'static', '--fault', '429:0.05:date', '--fault', '5xx:0.05', '--fault', 'truncate:0.05', '--fault',
		'partial-404:0.2', '--fault', 'stale-head:0.1' ] ],
	[ 'rfc', 'file', [ '--api', 'rfc6962', '--strict-end', '--page', '64', '--fault', '429:0.05:1', '--fault', 'short:0.3', '--fault',
		'truncate:0.05', '--fault', '5xx:0.05' ] ],
	[ 'pipe', 'pipe', [ '--api', 'static', '--fault', '5xx:0.05' ] ],
);

# The pipe's reader outlives the followers: what they wrote before they were killed counts.
sub reader {
	my ($file) = @_;
	pipe my $in, my $out or die "pipe: $!";
	my $pid = fork() // die "fork: $!";
	if (!$pid) {
		close $out;
		open my $to, '>>', $file or POSIX::_exit(1);
		while (sysread $in, my $bytes, 65536) {
			syswrite $to, $bytes;
		}
		POSIX::_exit(0);
	}
	close $in;
	return ($pid, $out);
}

for my $case (@cases) {
	my ($name, $how, $options) = @$case;
	my $log = start_log($name, '--size', '400', '--rate', '60', '--publish-ms', '100', @$options);
	my $list = list_of("$name.json", $log);
	my ($reader, $pipe) = $how eq 'pipe' ? reader("$work/$name.out") : ();
	my $how_out = $pipe ? { out => $pipe } : {};
	my $resumed = 0;
	for my $n (1 .. $kills) {
		my $pid = spawn_follow($list, $name, $how_out, '--from', 'start');
		# Anywhere from before it has started to well into its work.
		my $end = time() + rand(rand() < 0.2 ? 0.1 : 0.6);
		sleep 0.005 while time() < $end;
		$resumed++ if -s "$work/$name/state";
		kill_it($pid);
	}
	control($log, 'rate?per_second=0');
	my $size = control($log, 'publish')->{size};
	my $pid = spawn_follow($list, $name, $how_out, '--from', 'start');
	my $good = until_ok("$name: the end", sub { (state_of($name)->{$name}{verified} // 0) == $size });
	stop_it($pid);
	if ($pipe) {
		close $pipe;
		waitpid $reader, 0;
	}
	ok($good, "$name: $size entries are read after $kills kills ($resumed in the middle)") or diag slurp("$work/$name.err");
	my (@rows, $torn, $repeats);
	$repeats = $torn = 0;
	for my $line (lines_of($name)) {
		my $row = eval { JSON::PP::decode_json($line) };
		if (!$row) {
			$torn++;
			next;
		}
		if ($row->{repeat}) {
			$repeats++;
			# In doubt: said again, marked. It takes the place of the one before, if that came through.
			pop @rows if @rows && $rows[-1]{seq} == $row->{seq};
		}
		push @rows, $row;
	}
	my @want = truth_keys($log);
	my %times;
	$times{ $_->{tbs_sha256} }++ for @rows;
	is(scalar(grep { !$times{$_} } @want), 0, "$name: 0 lost of " . @want);
	is(scalar(grep { $_ > 1 } values %times), 0, "$name: 0 doubled");
	is_deeply([ map { $_->{seq} } @rows ], [ 1 .. @rows ], "$name: numbered without a hole or a repetition");
	is($torn, 0, "$name: no torn line") if $how eq 'file';
	is($repeats, 0, "$name: a file needs no repetition") if $how eq 'file';
	note("$name: $repeats repeated lines, $torn torn, all marked") if $how eq 'pipe';
	kill_it($log->{pid});
}

# --- a full disk ---
my $log = start_log('full', '--api', 'static', '--size', '700');
my $list = list_of('full.json', $log);
my ($code, $out, $err) = once($list, 'full', { limit => 200 }, '--from', 'start');
is($code, 74, 'a full disk ends the run') or diag $err;
like($err, qr/^hikeshi: nothing is lost, .*(File too large|No space left)/m, 'with one clear line');
is(state_of('full')->{full}{read} // 0, 0, 'the state is untouched');
($code, $out, $err) = once($list, 'full', '--from', 'start');
is($code, 0, 'room again') or diag $err;
is_deeply([ map { $_->{tbs_sha256} } rows_of('full') ], [ truth_keys($log) ], 'and nothing is lost or doubled');

# --- a reader that goes away ---
pipe my $in, my $gone or die "pipe: $!";
close $in;
($code, undef, $err) = once($list, 'gone', { out => $gone }, '--from', 'start');
close $gone;
is($code, 74, 'a closed pipe ends the run');
($code, undef, $err) = once($list, 'gone', '--from', 'start');
is(scalar(rows_of('gone')), scalar(truth_keys($log)), 'and the next run prints what nobody heard');

# --- SIGHUP ---
my $pid = spawn_follow($list, 'hup', '--from', 'start');
until_ok('it follows', sub { (state_of('hup')->{full}{verified} // 0) == 700 });
for my $n (1 .. 5) {
	control($log, 'grow?entries=30&publish=1');
	kill 'HUP', $pid;
}
ok(until_ok('the rest', sub { (state_of('hup')->{full}{verified} // 0) == 850 }), 'SIGHUP while the log grows');
is(stop_it($pid), 0, 'it goes on and stops in good order');
is_deeply([ map { $_->{tbs_sha256} } rows_of('hup') ], [ truth_keys($log) ], 'without losing an entry');

done_testing();
