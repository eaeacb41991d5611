#!/usr/bin/perl
# bench/whole.pl: the whole chain on the range, whole house, real browser. Three figures, each beside its floor:
#
#   name published in CT (the head that covers it is visible) to the case whose evidence is complete; floor: the same site, `hikeshi capture` by hand
#   memory of all roles without the browser while that goes on (PSS: what is shared counts once)
#   a day of 2,000 entries/s at 20 times its speed, which is 40,000 a second: how far the house falls behind; floor: the time between two heads
#
#   HK_BUILD=build-rel perl -Itests/scenario/lib bench/whole.pl [NAMES [SECONDS]]     (40 names, one every 5 s; 180 s of the fast day)
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../tests/scenario/lib";
use CtFollow;
use Crews;
use House;
use JSON::PP;
use Test::More;
use Time::HiRes qw(time sleep);

my $count = shift @ARGV || 40;
my $seconds = shift @ARGV || 180;
my $every = 5;
my $src = "$FindBin::Bin/..";
my $json = JSON::PP->new->utf8->canonical;
$CtFollow::deadline_s = 120;

sub figure {
	my ($name, $value, $unit, $target, $beside, $floor) = @_;
	my $ratio = $floor ? $value / $floor : 0;
	printf "%-66s %9.2f %-9s %s (%.2f x %s)\n", $name, $value, $unit, $target ? "asked: $target" : '', $ratio, $beside;
	return if !$ENV{HK_BENCH_OUT};
	open my $out, '>>', $ENV{HK_BENCH_OUT} or die;
	print {$out} $json->encode({ group => 'whole', name => $name, value => 0 + $value, unit => $unit, $target ? (target => $target) : (), beside => $beside, ratio => $ratio }), "\n";
	close $out;
}

sub share {
	my ($part, @sorted) = @_;
	return $sorted[$#sorted * $part];
}

# roles(pid): the process and all below it that are hikeshi's own.
sub roles {
	my ($top) = @_;
	my %children;
	for my $file (glob '/proc/[0-9]*/stat') {
		my ($pid, $parent) = slurp($file) =~ /^(\d+) \(.*\) \S (\d+)/s or next;
		push @{ $children{$parent} }, $pid;
	}
	my @found = ($top);
	for (my $i = 0; $i < @found; $i++) {
		push @found, @{ $children{ $found[$i] } || [] };
	}
	return grep { (readlink("/proc/$_/exe") // '') =~ m{/hikeshi$} } @found;
}

sub memory {
	my ($sum, @roles) = (0, roles($serve));
	for my $pid (@roles) {
		$sum += slurp("/proc/$pid/smaps_rollup") =~ /^Pss:\s+(\d+)/m ? $1 : 0;
	}
	return ($sum / 1024, scalar @roles);
}

sub end_of {
	my ($log) = @_;
	return control($log, 'state')->{head}{size} // control($log, 'state')->{size};
}

# read_of(): entries that are verified, as the house's page "System" shows it.
sub read_of {
	my $health = value('SELECT health FROM ct_logs');
	return $health ? decode_json($health)->{verified} // 0 : 0;
}

my @chain = ('--rules', "$src/rules", '--model', "$src/conf/model/jp.hkmodel", '--poll', '1s', '--rate', '0', '--from', 'start');

# --- names become cases with evidence ---
my $log = start_log('night', '--size', '1000', '--rate', '100', '--publish-ms', '1000');
crews(2, '--logs', $log->{list}, @chain);
ok(until_ok('it follows', sub { read_of() >= 1000 }), 'the log is followed') or BAIL_OUT(slurp("$work/serve.err"));
my ($next, $most, $processes) = (time(), 0, 0);
for my $n (1 .. $count) {
	control($log, 'append', "mihon-bank.co.jp.id$n.top");
	for ($next += $every; time() < $next; sleep 0.5) {
		my ($mib, $number) = memory();
		($most, $processes) = ($mib, $number) if $mib > $most;
	}
}
ok(until_ok('evidence', sub { value(q(SELECT COUNT(*) FROM cases WHERE evidence_ms IS NOT NULL AND host LIKE 'mihon-bank.co.jp.id%')) >= $count }), "evidence of $count cases")
	or diag value('SELECT COUNT(*) FROM cases');
my %evidence = map { $_->[0] => [ $_->[1], $_->[2] ] } rows(q(SELECT host, opened_ms, evidence_ms FROM cases WHERE evidence_ms IS NOT NULL));
my %published;
for my $line (grep { /mihon-bank.co.jp.id/ } split /\n/, slurp($log->{truth})) {
	my $row = decode_json($line);
	$published{ $row->{names}[0] } //= $row->{published_ms};
}
my @both = map { [ $evidence{$_}[0] - $published{$_}, $evidence{$_}[1] - $published{$_} ] } grep { $evidence{$_} } keys %published;
is(scalar @both, $count, 'each name has its case');
my @opened = sort { $a <=> $b } map { $_->[0] / 1000 } @both;
my @secured = sort { $a <=> $b } map { $_->[1] / 1000 } @both;
my @alone;
for my $n (1 .. 3) {
	my $from = time();
	my ($code, undef, $err) = hk('capture', "https://mihon-bank.co.jp.id$n.top/", '--out', "$work/floor$n");
	is($code, 0, 'the floor') or diag $err;
	push @alone, time() - $from;
}
my $floor = share(0.5, sort { $a <=> $b } @alone);
figure("published to case open, p95 of $count", share(0.95, @opened), 's', '', 'time between two heads', 1);
figure("published to case with evidence, p50 of $count", share(0.5, @secured), 's', '', 'hikeshi capture of the site', $floor);
figure("published to case with evidence, p95 of $count", share(0.95, @secured), 's', '<= 15', 'hikeshi capture of the site', $floor);
figure("memory of all $processes processes without the browser, at most", $most, 'MiB', '<= 600', 'what is asked', 600);
stop_it($serve);
stop_it($log->{pid});

# --- a day at 20 times its speed ---
my $fast = 40000;
my $day = start_log('day', '--size', '1000', '--rate', $fast, '--publish-ms', '1000', '--phish-every', '400000', '--gzip', 'never');
new_house('day', listen => '127.0.0.1:0', targets => "$src/conf/targets/example.conf");
$serve = spawn_role('day', 'serve', '--workers', '1', '--logs', $day->{list}, @chain);
ok(until_ok('it follows', sub { read_of() >= 1000 }), 'the fast day is followed') or BAIL_OUT(slurp("$work/day.err"));
my ($begun, $from, @behind, @read) = (time(), read_of());
for (my $at = $begun; $at < $begun + $seconds; sleep($at > time() ? $at - time() : 0)) {
	$at += 2;
	my $read = read_of();
	push @behind, (end_of($day) - $read) / $fast;
	push @read, $read;
}
my $rate = ($read[-1] - $from) / (time() - $begun);
my $half = @behind / 2;
my @late = sort { $a <=> $b } @behind[$half .. $#behind];
figure("entries read, verified and scored a second, over $seconds s", $rate, 'entries/s', '', 'a day of 2,000/s', 2000);
figure('behind the log at 40,000 entries/s, second half, p95', share(0.95, @late), 's', '<= 15', 'time between two heads', 1);
ok($late[-1] < 30, 'no backlog grows') or diag "behind: @behind";
stop_it($serve);
done_testing();
