#!/usr/bin/perl
# databases: both
# A run of evidence from the wish to the last row, with the browser: the stage `capture` of a worker visits a site on loopback, keeps its files, and what is kept verifies. A site that
# is not there is dead; while the kill switch is on, nothing is begun.
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use House;
use IO::Socket::INET;
use IPC::Open2;
use JSON::PP;
use POSIX ();
use Test::More;

plan skip_all => 'no chromium-headless-shell (apt-get install chromium-headless-shell)' unless -x '/usr/lib/chromium/chromium-headless-shell';
plan skip_all => 'no node' if system('node --version >/dev/null 2>&1') != 0;

system("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=www.mihon-bank.example -keyout '$work/key.pem' -out '$work/cert.pem' 2>/dev/null") == 0
	or die 'no certificate';
my $site = open2(my $from, my $to, 'node', "$FindBin::Bin/lib/site.mjs", "$work/key.pem", "$work/cert.pem");
my ($http, $https) = <$from> =~ /^http (\d+) https (\d+)/ or die 'no site';
# What the site says about requests must be read, or it stops.
my $reader = fork() // die;
if (!$reader) {
	1 while <$from>;
	POSIX::_exit(0);
}
END {
	if ($site && $reader) {
		local $?;
		kill 'TERM', $site, $reader;
		waitpid $_, 0 for $site, $reader;
	}
}
# A port that is taken and at which nobody listens.
my $taken = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Proto => 'tcp') // die "no port: $!";
my $egress = spew("$work/egress.conf", "range = 127.0.0.1\nrange-ports = { \"80=$http\", \"443=$https\", \"8080=@{[ $taken->sockport ]}\" }\nhost-rate = 1000\nhost-burst = 1000\nstop-file = \"$work/stop\"\n");
my $dir = new_house('run', evidence => 1, egress => $egress);
spew("$work/stop", '');
my ($code, $out, $err) = hk('case', 'add', 'https://www.mihon-bank.example/');
is($code, 0, 'a case') or diag $err;
($code, $out, $err) = hk('case', 'add', 'http://away.mihon-bank.example:8080/');
is($code, 0, 'and one of a site that is not there') or diag $err;
is(value("SELECT COUNT(*) FROM runs WHERE state = 'waiting'"), 2, 'a run for each');
my $worker = spawn_role('capture', 'work', '--pools', 'work', '--pools', 'capture');
ok(until_ok('upkeep', sub { value("SELECT COUNT(*) FROM jobs WHERE stage = 'sweep' AND state = 'ready' AND due_ms > " . 1000 * time) == 1 }), 'a worker works') or diag slurp("$work/capture.err");
is(value("SELECT COUNT(*) FROM jobs WHERE stage = 'capture' AND state = 'ready' AND attempts = 0"), 2, 'while the kill switch is on, they wait');
unlink "$work/stop";
ok(until_ok("the runs", sub { value("SELECT COUNT(*) FROM runs WHERE state = 'waiting'") == 0 }), 'then both are done') or diag slurp("$work/capture.err");
stop_it($worker);
is_deeply([map { "@$_" } rows('SELECT case_id, state, verdict FROM runs ORDER BY case_id')], ['1 done same', '2 done dead'], 'one site is the same to all, the other is dead');
is_deeply([map { $_->[0] } rows('SELECT how FROM captures WHERE run_id = (SELECT id FROM runs WHERE case_id = 1) ORDER BY position')], [('whole') x 3], 'three visits');
is_deeply([map { "@$_" } rows('SELECT how, COALESCE(status, 0) FROM captures WHERE run_id = (SELECT id FROM runs WHERE case_id = 2) ORDER BY position')], [('failed 0') x 3], 'nothing was said by nobody');
for my $kind (qw(viewport full dom text json warc har chain)) {
	is(value("SELECT COUNT(*) FROM artefacts a JOIN captures c ON c.id = a.capture_id JOIN runs r ON r.id = c.run_id WHERE r.case_id = 1 AND a.kind = '$kind'"), 3, "$kind of each");
}
my ($data) = map { $_->[0] } rows('SELECT data FROM captures WHERE run_id = (SELECT id FROM runs WHERE case_id = 1) AND position = 0');
is((grep { $_->{body} } @{ JSON::PP->new->decode($data)->{exchanges} }) > 0, 1, 'the row tells of bodies');
cmp_ok(value("SELECT COUNT(*) FROM case_keys WHERE case_id = 1 AND kind IN ('favicon', 'form', 'picture', 'resource')"), '>', 0, 'and other cases can be found by it');
ok(value("SELECT COUNT(*) FROM cases WHERE id = 1 AND capture IS NOT NULL"), 'the case has its picture');
for my $case (1, 2) {
	($code, $out, $err) = hk('evidence', 'verify', '--case', $case);
	is($code, 0, "what is kept of case $case verifies") or diag $out, $err;
}
like(value("SELECT data FROM events WHERE act = 'run.finish' AND case_id = 2"), qr/"verdict":"dead"/, 'audited');
($code, $out, $err) = hk('audit', 'verify');
is($code, 0, 'the audit trail is whole') or diag $out, $err;
done_testing;
