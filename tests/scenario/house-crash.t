#!/usr/bin/perl
# databases: both
# kill -9 of any role at any moment: watch while a log with faults grows, two workers, the web role while URLs are pasted. Nothing is lost,
# nothing is doubled, the audit chain holds. HK_SOAK=N: N kills.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use HTTP::Tiny;
use House;
use JSON::PP;
use POSIX ();
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
my ($robot, $token) = ('robot');
hk('user', 'add', '--no-password', '--roles', 'analyst', $robot);
($token) = (hk('user', 'token', '--scopes', 'read,intake', $robot, 'pastes'))[1] =~ /(\S+)/;
my %role = (watch => ['watch', '--all'], work1 => ['work'], work2 => ['work'], web => [ 'web', '--listen', '127.0.0.1:0' ]);
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

# A program hands in lists by the API all the while, in a process of its own. What it writes down is acknowledged.
my $ledger = "$work/acknowledged";
my $parent = $$;
my $client = fork() // die "fork: $!";
if (!$client) {
	$SIG{TERM} = 'DEFAULT';
	my $n = 0;
	while (!-e "$work/enough") {
		# Three lists for each kill: workers that are killed all the time must be able to keep up.
		if ($n >= 3 * (-s "$work/rounds" // 0)) {
			POSIX::_exit(1) if getppid() != $parent;
			sleep 0.02;
			next;
		}
		hand_in(++$n);
		open my $to, '>>', $ledger or POSIX::_exit(1);
		print $to "$n\n";
		close $to or POSIX::_exit(1);
	}
	POSIX::_exit(0);
}

sub list_of_robot { my ($n) = @_; return map { "https://r$n-$_.robot.crash.example/login" } 1 .. 3 }

# api(method, path, headers, body): one try of the web role that listens at the moment; status 599 when there is none.
sub api {
	my ($method, $path, $headers, $body) = @_;
	my ($at) = (slurp("$work/web.out") =~ /"url":"([^"]+)"/g)[-1] // return { status => 599 };
	my $answer = HTTP::Tiny->new(timeout => 20)->request($method, "${at}api/v1$path",
		{ headers => { Authorization => "Bearer $token", 'Content-Type' => 'application/json', %$headers }, defined $body ? (content => encode_json($body)) : () });
	$answer->{json} = eval { decode_json($answer->{content}) };
	return $answer;
}

# Until it is acknowledged: the same key again and again. A key of which nobody knows how it ended (the web role died in the middle) is answered 409: then the list
# itself, which carries a mark, tells whether it is there, and only if it is not there a new key is taken.
sub hand_in {
	my ($n) = @_;
	my ($key, $unknown) = ("$$-$n", 0);
	while (getppid() == $parent) {
		my $answer = api('POST', '/intakes', { 'Idempotency-Key' => $key }, { kind => 'lines', body => join("\n", list_of_robot($n)), options => { note => "list $n" } });
		return if $answer->{status} == 202;
		sleep 0.1;
		next if $answer->{status} != 409 || ++$unknown < 10;
		my $there = api('GET', '/intakes?limit=200', {});
		next if $there->{status} != 200;
		return if grep { ($_->{options}{note} // '') eq "list $n" } @{ $there->{json}{items} };
		($key, $unknown) = ("$key+", 0);
	}
	POSIX::_exit(1);
}

my @names = sort keys %role;
my %killed;
for my $n (1 .. $kills) {
	spew("$work/rounds", '.' x $n);
	paste($n) if $n <= 3 || $n % 25 == 0;
	my $end = time() + rand(rand() < 0.2 ? 0.1 : 0.8);
	sleep 0.005 while time() < $end;
	# Each of them at least once, then as chance has it.
	my $name = $n <= @names ? $names[ $n - 1 ] : $names[ rand @names ];
	kill_it($pid{$name});
	$killed{$name}++;
	$pid{$name} = spawn_role($name, @{ $role{$name} });
}
spew("$work/enough", '');
ok(until_ok('the program', sub { waitpid($client, 1) == $client }), 'the program that hands in lists comes to its end');
my @lists = split /\n/, slurp($ledger);
cmp_ok(scalar(@lists), '>=', 3, scalar(@lists) . " lists acknowledged over the API, which was killed $killed{web} times");
$want{$_} = 1 for map { list_of_robot($_) } @lists;
control($log, 'rate?per_second=0');
control($log, 'publish');
my @keys = truth_keys($log);
ok(until_ok('all sightings', sub { value('SELECT COUNT(*) FROM sightings') >= @keys }), scalar(@keys) . ' issuances are sightings')
	or diag(value('SELECT COUNT(*) FROM sightings'), slurp("$work/watch.err"));
ok(until_ok('all jobs', sub { value("SELECT COUNT(*) FROM jobs WHERE state IN ('ready', 'leased') AND stage NOT IN ('sweep', 'look', 'monitor', 'hops', 'lookup')") == 0 }), 'every job is done') # those never end
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
is(join(' ', map { $_->[0] } rows("SELECT options FROM intakes WHERE options LIKE '%\"list %' GROUP BY options HAVING COUNT(*) <> 1")), '', 'no list of the program is there twice');
is(value("SELECT COUNT(*) FROM intakes WHERE options LIKE '%\"list %'"), scalar(@lists), 'and each that was acknowledged is there');
is(value('SELECT SUM(lines) - SUM(opened) - SUM(attached) - SUM(routed) - SUM(refused) - SUM(skipped) FROM intakes'), 0, 'every line is accounted for');
is(value('SELECT SUM(cases) FROM tallies WHERE dim = \'state\' AND month = 0'), value("SELECT COUNT(*) FROM cases WHERE deleted_ms IS NULL AND state <> 'duplicate'"),
	'the counters count what there is');
my ($code, $out, $err) = hk('audit', 'verify');
is($code, 0, 'the audit chain holds') or diag $out, $err;

done_testing();
