#!/usr/bin/perl
# databases: both
# The mass night (range/scenarios/mass-night.scenario: a mass of names, and log, name servers, mail server, chats, vendors and time stamps that fail one after the other), while the
# house itself is hit: kill -9 of any role, a full disk, a database that goes away, a clock that jumps. Nothing is lost, nothing is doubled, and the page "System" tells of it.
#
# HK_SOAK=1 (make soak): all 7,756 names, a minute without database; without it a part of the night. HK_SEED: repeat a run.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../../tools/lib";
use Books;
use CtFollow;
use House;
use HTTP::Tiny;
use IO::Socket::INET;
use JSON::PP;
use Person;
use Test::More;
use Time::HiRes qw(time sleep);

# A disk of its own, that can be full: a file system in memory, which nobody else sees.
if (!$ENV{HK_MASS_INSIDE}) {
	$ENV{HK_MASS_INSIDE} = system('unshare', '-m', 'true') == 0 ? 'disk' : 'none';
	exec 'unshare', '-m', $^X, $0, @ARGV if $ENV{HK_MASS_INSIDE} eq 'disk';
}

my $soak = $ENV{HK_SOAK};
my $seed = $ENV{HK_SEED} || time();
srand($seed);
diag("HK_SEED=$seed");
my $src = "$FindBin::Bin/../..";
my $json = JSON::PP->new->utf8->canonical;
my $bare = HTTP::Tiny->new(timeout => 30);
$CtFollow::deadline_s = $soak ? 1800 : 300;
my $plan = {
	names => $soak ? 7756 : 152, over => $soak ? '6h' : '1h', speed => $soak ? 60 : 480,
	away => $soak ? 60 : 4, full => $soak ? 30 : 4, kill_every => $soak ? 5 : 4, disk => $soak ? '1500m' : '400m',
};

# --- the world ---
my $scenario = slurp("$src/range/scenarios/mass-night.scenario");
$scenario =~ s/count=7756 per=76 over=6h/count=$plan->{names} per=76 over=$plan->{over}/ or BAIL_OUT('the scenario has changed');
if (!$soak) {
	$scenario =~ s/\@mass\.4000/\@mass.150/g;
	# What a vendor takes without an answer is looked for after minutes, which no clock but the wall's makes shorter.
	$scenario =~ s/^3h vendor urlscan mode=timeout.*\n//m or BAIL_OUT('the scenario has changed');
}
spew("$work/mass.scenario", $scenario);
my $dir = "$work/world/mihon-bank";
mkdir "$work/world";
mkdir $dir;
my $disk = $ENV{HK_MASS_INSIDE} eq 'disk' && system('mount', '-t', 'tmpfs', '-o', "size=$plan->{disk}", 'mass', $dir) == 0;
my $play = start("$work/play.out", "$work/play.err", 0, $CtFollow::range, 'play', "$work/mass.scenario", '--dir', "$work/world", '--share', $src, '--speed', $plan->{speed});
ok(until_ok('the world', sub { slurp("$work/play.out") =~ /\n/ || !kill 0, $play }), 'the world is there') or BAIL_OUT(slurp("$work/play.err"));
my $ready = $json->decode((split /\n/, slurp("$work/play.out"))[0]);
my ($bank) = @{ $ready->{banks} };
s{/$}{} for $bank->{vendors}, $bank->{chats}, map { $_->{url} } values %{ $ready->{parts} };

# --- the house: on PostgreSQL with a server of its own, which may go away ---
my $pgsql = "$work/pg";
my $config = $bank->{config};
if ($ENV{HK_TEST_PGSQL}) {
	# The server's user must be able to get there.
	chmod 0711, $work;
	chomp(my $server = qx("$src/tests/pgsql.sh" start "$pgsql"));
	is($?, 0, 'a server of its own') or BAIL_OUT($server);
	system('psql', '-qX', $server, '-c', 'CREATE DATABASE mass TEMPLATE template0') == 0 or BAIL_OUT('no database');
	(my $url = $server) =~ s{/postgres\?}{/mass?};
	(my $conf = slurp($config)) =~ s{^database = .*}{database = "$url"}m;
	spew($config, $conf);
}
END {
	my $status = $?;
	system("$src/tests/pgsql.sh", 'stop', $pgsql) if $pgsql && -d $pgsql;
	$? = $status;
}
use_house($config);
is((hk('db', 'init'))[0], 0, 'the database is made') or BAIL_OUT(slurp("$work/.err"));
hk(\"correct horse battery 9", 'user', 'add', '--roles', 'analyst,auditor,system_admin', 'akari');
hk(\"correct horse battery 8", 'user', 'add', '--roles', 'approver', 'ren');
my $serve;
my ($preload) = grep { -e } glob '/usr/lib/*/faketime/libfaketimeMT.so.1';
my $asan = system("nm -D '$CtFollow::hikeshi' 2>/dev/null | grep -q __asan_init") == 0;
my $clock = $preload && !$asan;
# The board is where it was, when web is there again.
my $port = do { my $free = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', ReuseAddr => 1) or die "$!"; $free->sockport };
sub begin_house {
	# The clock of the house alone can be wrong: libfaketime reads it from a file.
	local @ENV{qw(LD_PRELOAD FAKETIME_TIMESTAMP_FILE FAKETIME_CACHE_DURATION FAKETIME_DONT_FAKE_MONOTONIC)} = ($preload, "$work/clock", 1, 1) if $clock;
	delete local @ENV{qw(LD_PRELOAD)} if !$clock;
	$serve = spawn_role('serve', 'serve', '--workers', '2', '--listen', "127.0.0.1:$port");
	return;
}
spew("$work/clock", "+0\n");
begin_house();
ok(until_ok('the house', sub { slurp("$work/serve.out") =~ /"url":"([^"]+)"/ }), 'the house stands') or BAIL_OUT(slurp("$work/serve.err"));
my ($board) = slurp("$work/serve.out") =~ /"url":"([^"]+)"/;

my ($akari, $ren) = map { Person->new($board, @$_) } ['akari', 'correct horse battery 9'], ['ren', 'correct horse battery 8'];
for my $line (split /\n/, slurp($bank->{requests})) {
	my $request = $json->decode($line);
	(my $path = $request->{path}) =~ s{^/api/v1}{};
	ok($akari->call($request->{method}, $path, $request->{body})->{success}, "setting $path");
}

# --- what people do, as long as the board answers ---
my %troubles;
sub duty {
	my $system = $akari->get('/system') // return;
	$troubles{"$_->{kind} " . ($_->{subject} // '')} //= $_ for @{ $system->{troubles} // [] };
	for my $one (@{ ($akari->get('/cases?limit=200&q=state:new') // {})->{items} // [] }) {
		my $whole = $akari->get("/cases/$one->{id}") // next;
		next if !$whole->{clocks}{evidence} || $whole->{score} < 0.5;
		$akari->call('POST', "/cases/$one->{id}/acts", { act => 'confirm' }, $whole->{version});
	}
	my @drafted = @{ ($ren->get('/reports?state=drafted&limit=100') // {})->{items} // [] };
	$ren->call('POST', '/reports/approve', { reports => [map { { id => $_->{id}, digest => $_->{digest} } } @drafted], agree => ['first'] }) if @drafted;
	return;
}

# --- what hits the house ---
my %hits;
sub kill_one {
	my @children = split ' ', slurp("/proc/$serve/task/$serve/children");
	my $pid = $children[rand @children] or return;
	chomp(my $name = slurp("/proc/$pid/comm"));
	kill 'KILL', $pid;
	$hits{"kill -9 $name"}++;
	return;
}
sub fill_disk {
	open my $ballast, '>', "$dir/ballast" or return;
	binmode $ballast;
	1 while syswrite $ballast, "\0" x 65536;
	$hits{'full disk'}++ if $!{ENOSPC};
	return;
}
my $locker;
sub database_away {
	if ($ENV{HK_TEST_PGSQL}) {
		my ($postmaster) = slurp("$pgsql/data/postmaster.pid") =~ /^(\d+)/;
		kill 'QUIT', $postmaster;
		until_ok('the server is away', sub { !-d "/proc/$postmaster" });
	} else {
		# Somebody has the whole file, and does not give it back.
		open $locker, '|-', "sqlite3 '$dir/hikeshi.db' >/dev/null 2>&1" or die;
		$locker->autoflush(1);
		print {$locker} ".timeout 20000\nBEGIN EXCLUSIVE;\n";
	}
	$hits{'database away'}++;
	return;
}
sub database_back {
	if ($ENV{HK_TEST_PGSQL}) {
		my @as = $> == 0 ? qw(setpriv --reuid=postgres --regid=postgres --init-groups --) : ();
		my ($bin) = reverse sort glob '/usr/lib/postgresql/*/bin';
		system("cd / && @as '$bin/pg_ctl' -D '$pgsql/data' -l '$pgsql/again.log' -w start >/dev/null 2>&1 </dev/null") == 0 or diag slurp("$pgsql/again.log");
	} elsif ($locker) {
		print {$locker} "ROLLBACK;\n";
		close $locker;
		undef $locker;
	}
	return;
}

# --- the night ---
is($bare->post("$ready->{control}/-/begin")->{status}, 200, 'the night begins');
my $begun = time();
my $length = $ready->{ends_s} / $plan->{speed};
my ($next_kill, $next_duty) = ($begun + 3, $begun);
# at which part of the night => what, once
my @steps = ([0.25, \&fill_disk], [0.25 + $plan->{full} / $length, sub { unlink "$dir/ballast" }], [0.5, \&database_away], [0.5 + $plan->{away} / $length, \&database_back],
	[0.75, sub { spew("$work/clock", "-2h\n"); $hits{'clock back'}++ if $clock }], [0.9, sub { spew("$work/clock", "+0\n") }]);
shift @steps, shift @steps if !$disk;
while (slurp("$work/play.out") !~ /"ended":true/ && time() < $begun + $CtFollow::deadline_s) {
	my $part = (time() - $begun) / $length;
	(shift @steps)->[1]->() while @steps && $steps[0][0] <= $part;
	if (time() >= $next_kill) {
		kill_one();
		$next_kill = time() + $plan->{kill_every} * (0.5 + rand);
	}
	if (time() >= $next_duty && !$locker) {
		duty();
		$next_duty = time() + 1;
	}
	sleep 0.2;
}
$_->[1]->() for @steps;
like(slurp("$work/play.out"), qr/"ended":true/, 'the night is over');
diag('what hit the house: ', join ', ', map { "$_ ($hits{$_})" } sort keys %hits);

# --- the morning: all of it comes to its end ---
sub quiet {
	duty();
	my $open = eval { value(q(SELECT (SELECT COUNT(*) FROM jobs WHERE state IN ('ready', 'leased') AND stage IN ('intake', 'sighting', 'capture', 'enrich', 'draft', 'send', 'stamp') AND key NOT LIKE 'chase%')
		+ (SELECT COUNT(*) FROM reports WHERE state IN ('approved', 'queued') AND request NOT LIKE '%"way":"assisted"%')
		+ (SELECT COUNT(*) FROM reports WHERE state = 'drafted' AND stops = 0)
		+ (SELECT COUNT(*) FROM notices WHERE state = 'waiting') + (SELECT COUNT(*) FROM cases WHERE evidence_ms IS NULL AND state <> 'duplicate'))) };
	return defined $open && $open == 0;
}
my $certs = int(($plan->{names} + 75) / 76);
my $whole = until_ok('all is done', sub {
	rows(q(UPDATE jobs SET due_ms = 0 WHERE state = 'ready' AND attempts > 0)) if !$soak;
	quiet() && value(q(SELECT COUNT(*) FROM sightings WHERE data LIKE '%duckdns.org%')) >= $certs });
ok($whole, 'every job has come to its end') or diag join "\n", map { "@$_" } rows(q(SELECT stage, state, attempts, key, error FROM jobs WHERE state IN ('ready', 'leased') AND attempts > 0 LIMIT 20)),
	rows('SELECT state, channel, COUNT(*), MAX(why), MAX(stops) FROM reports GROUP BY state, channel'), rows('SELECT state, COUNT(*) FROM notices GROUP BY state'), rows('SELECT id, state, host, evidence_ms FROM cases LIMIT 20');

# --- nothing is lost, nothing is doubled ---
is(value(q(SELECT COUNT(*) FROM sightings WHERE data LIKE '%duckdns.org%' AND data LIKE '%"kind":"certificate"%')), $certs, "each of $certs certificates is one sighting");
is(value(q(SELECT COUNT(*) FROM sightings WHERE case_id IS NULL AND data LIKE '%duckdns.org%')), '0', 'and has its case');
# What was ordered while nobody listened (watch was killed, and is there again a second later: at this speed minutes of the night) was not heard.
my $waves = value(q(SELECT COUNT(*) FROM waves));
cmp_ok($waves, '<=', 1, 'one wave, never two');
diag('nobody listened when the wave was ordered') if !$waves;
my $told = @{ $json->decode($bare->get("$ready->{parts}{c2}{url}/-/sent")->{content})->{delivered} };
cmp_ok(value('SELECT COUNT(*) FROM c2_commands'), '<=', $told, 'no order was heard more often than it was told');
is(value(q(SELECT COUNT(*) FROM jobs WHERE state = 'dead')), '0', 'no job was given up') or diag join "\n", map { "@$_" } rows(q(SELECT stage, key, error FROM jobs WHERE state = 'dead'));
is(value(q(SELECT COUNT(*) FROM receipts WHERE phase <> 'ended' AND report_id NOT IN (SELECT id FROM reports WHERE state = 'unsure'))), '0', 'every try to send has its end');
is(value(q(SELECT COUNT(*) FROM events WHERE act = 'report.send')), value('SELECT COUNT(*) FROM reports WHERE sent_ms IS NOT NULL'), 'each report that left is in the audit, once');
my @reports = map { { channel => $_->[0], url => $_->[1], unsure => $_->[2] } }
	rows(q(SELECT r.channel, s.url, CASE WHEN r.sent_ms IS NULL THEN 1 ELSE 0 END FROM reports r JOIN report_sites s ON s.report_id = r.id AND s.position = 0 WHERE r.sent_ms IS NOT NULL OR r.state = 'unsure'));
my ($lost, $doubled, @odd) = Books::sum(\@reports, $bank->{vendors}, $ready->{parts}{mailhouse}{url});
my $left = grep { !$_->{unsure} } @reports;
cmp_ok($left, '>', 10, "$left reports left");
is("$lost $doubled", '0 0', 'none was lost, none doubled, say the books of those who got them')
	or diag join "\n", @odd, map { join ' ', map { $_ // '' } @$_ } rows('SELECT r.id, r.case_id, c.state, r.channel, r.step, r.round, r.state, r.tries, r.sent_ms, r.why FROM reports r JOIN cases c ON c.id = r.case_id ORDER BY r.channel, r.id');
is(value(q(SELECT COUNT(*) FROM (SELECT case_id, channel, recipient, step, round FROM reports WHERE state <> 'dropped' GROUP BY case_id, channel, recipient, step, round HAVING COUNT(*) > 1) d)), '0', 'one report per recipient and round');
my $unsure = value(q(SELECT COUNT(*) FROM reports WHERE state = 'unsure'));
diag("$unsure reports are before a person: whether they arrived, nobody can tell");
for my $case (map { $_->[0] } rows('SELECT id FROM cases WHERE evidence_ms IS NOT NULL ORDER BY id LIMIT 10')) {
	my ($code, $out, $err) = hk('evidence', 'verify', '--case', $case);
	is($code, 0, "the evidence of case $case holds") or diag $out, $err;
}
my ($code, $out, $err) = hk('audit', 'verify');
is($code, 0, 'the chain of the audit holds') or diag $out, $err;

# --- and it was to be seen ---
SKIP: {
	skip 'the clock: libfaketime is not used below sanitizers', 1 if !$clock;
	ok((grep { /^clock_/ } keys %troubles), 'the page "System" told of the clock') or diag join ', ', sort keys %troubles;
}
cmp_ok(scalar keys %troubles, '>=', 2, 'of several things at least') or diag join ', ', sort keys %troubles;
SKIP: {
	skip 'jobs and cards that wait: at this speed what they need is away for a moment only', 2 if !$soak;
	ok((grep { /^jobs / } keys %troubles), 'of jobs that waited after an error') or diag join ', ', sort keys %troubles;
	ok((grep { /^chat/ } keys %troubles), 'of chats whose cards waited') or diag join ', ', sort keys %troubles;
}
SKIP: {
	skip 'a full disk: no file system of our own could be mounted', 1 if !$disk;
	ok($hits{'full disk'} && (grep { /^disk/ } keys %troubles), 'of a disk that was full') or diag join ', ', sort keys %troubles;
}
diag('told: ', join ', ', sort keys %troubles);
is(stop_it($serve), 0, 'SIGTERM');
stop_it($play);
system('umount', '-l', $dir) if $disk;
done_testing();
