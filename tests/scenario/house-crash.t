#!/usr/bin/perl
# databases: both
# kill -9 of any role at any moment: watch while a log with faults grows, two workers, the web role while URLs are pasted. Nothing is lost,
# nothing is doubled, the audit chain holds. HK_SOAK=N: N kills.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use House;
use Test::More;
use Time::HiRes qw(time sleep);

my $kills = $ENV{HK_SOAK} || 12;
my $seed = $ENV{HK_SEED} || time();
srand($seed);
diag("HK_SEED=$seed HK_SOAK=$kills") if $ENV{HK_SOAK};
$CtFollow::deadline_s = 240;

my $log = start_log('house', '--size', '200', '--rate', '15', '--publish-ms', '200', '--phish-every', '10', '--api', 'static',
	'--fault', '5xx:0.05', '--fault', 'truncate:0.05');
my $dir = new_house('house', logs => list_of('house.json', $log), from => 'start', poll => '200ms', rate => '0',
	threshold => '0', targets => "$FindBin::Bin/../../conf/targets/example.conf");
my %role = (watch => ['watch', '--all'], work1 => ['work'], work2 => ['work']);
my %pid;
$pid{$_} = spawn_role($_, @{ $role{$_} }) for keys %role;

# Each paste names new hosts, and one host of the paste before.
my (%want, $pasted);
sub paste {
	my ($n) = @_;
	my @urls = map { "https://p$n-$_.crash.example/login" } 1 .. 8;
	push @urls, 'https://p' . ($n - 1) . '-1.crash.example/login' if $n > 1;
	my ($code, $out, $err) = hk(\join("\n", @urls), 'case', 'add', '-');
	is($code, 0, "paste $n is acknowledged") or diag $err;
	$want{$_}++ for @urls;
	$pasted++;
}

my @names = sort keys %role;
for my $n (1 .. $kills) {
	paste($n) if $n <= 3 || $n % 25 == 0;
	my $end = time() + rand(rand() < 0.2 ? 0.1 : 0.8);
	sleep 0.005 while time() < $end;
	my $name = $names[ rand @names ];
	kill_it($pid{$name});
	$pid{$name} = spawn_role($name, @{ $role{$name} });
}
control($log, 'rate?per_second=0');
control($log, 'publish');
my @keys = truth_keys($log);
ok(until_ok('all sightings', sub { value('SELECT COUNT(*) FROM sightings') >= @keys }), scalar(@keys) . ' issuances are sightings')
	or diag(value('SELECT COUNT(*) FROM sightings'), slurp("$work/watch.err"));
ok(until_ok('all jobs', sub { value("SELECT COUNT(*) FROM jobs WHERE state IN ('ready', 'leased') AND stage <> 'sweep'") == 0 }), 'every job is done')
	or diag(join "\n", map { "@$_" } rows("SELECT stage, state, attempts, error FROM jobs WHERE state <> 'done'"));
stop_it($pid{$_}) for keys %pid;

my $hex = $ENV{HK_TEST_PGSQL} ? "encode(key, 'hex')" : 'lower(hex(key))';
my %seen = map { $_->[0] => 1 } rows("SELECT $hex FROM sightings");
is(scalar(grep { !$seen{$_} } @keys), 0, '0 sightings lost');
is(value('SELECT COUNT(*) FROM sightings'), scalar(@keys), '0 sightings doubled');
is(value('SELECT COUNT(*) FROM ct_pending'), 0, 'none waits');
is(value("SELECT COUNT(*) FROM jobs WHERE state = 'dead'"), 0, 'no dead letter')
	or diag(join "\n", map { "@$_" } rows("SELECT stage, error FROM jobs WHERE state = 'dead'"));
my %times = map { $_->[0] => $_->[1] } rows("SELECT url, SUM(times) FROM case_urls WHERE url LIKE '%crash.example%' GROUP BY url");
is_deeply(\%times, \%want, 'every pasted URL is in a case, named as often as it was pasted');
is(value('SELECT COUNT(*) FROM (SELECT host FROM cases WHERE host IS NOT NULL GROUP BY host HAVING COUNT(*) > 1) AS twice'), 0,
	'no two cases of one host');
is(value("SELECT COUNT(*) FROM intakes WHERE state <> 'done'"), 0, 'every paste is done');
is(value('SELECT SUM(lines) - SUM(opened) - SUM(attached) - SUM(routed) - SUM(refused) - SUM(skipped) FROM intakes'), 0, 'every line is accounted for');
is(value('SELECT SUM(cases) FROM tallies WHERE dim = \'state\' AND month = 0'), value("SELECT COUNT(*) FROM cases WHERE deleted_ms IS NULL AND state <> 'duplicate'"),
	'the counters count what there is');
my ($code, $out, $err) = hk('audit', 'verify');
is($code, 0, 'the audit chain holds') or diag $out, $err;

done_testing();
