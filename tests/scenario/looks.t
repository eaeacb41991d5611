#!/usr/bin/perl
# databases: both
# Names that say nothing, in certificates of a log: those that imitate become cases, the others do not, whatever is killed on the way.
# HK_LOOKS=N: N names (1,200).
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use House;
use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep);

my $names = $ENV{HK_LOOKS} || 1_200;
my $kills = $ENV{HK_SOAK} ? 12 : 3;
$CtFollow::deadline_s = 300;

# --- the outside ---
my ($truth, $list) = ("$work/truth.jsonl", "$work/names");
is(system("$CtFollow::range strangers --size $names --seed 5 --truth $truth > $list"), 0, 'names that say nothing are invented');
my %kind = map { my $row = decode_json($_); $row->{host} => $row } split /\n/, slurp($truth);
my @phish = grep { $kind{$_}{kind} eq 'phish' } sort keys %kind;
my %kits = map { $kind{$_}{what} => 1 } @phish;
cmp_ok(scalar @phish, '>=', $names / 200, 'some of them imitate') or diag scalar @phish;
my $sites = start("$work/sites.out", "$work/sites.err", 0, $CtFollow::range, 'sites', '--strangers');
ok(until_ok('sites', sub { -e "$work/sites.out" && slurp("$work/sites.out") =~ /\n/ }), 'their sites are served') or diag slurp("$work/sites.err");
my $ports = decode_json(slurp("$work/sites.out"));
my $egress = spew("$work/egress.conf", <<"END");
range = 127.0.0.1
range-ports = {"80=$ports->{port}", "443=$ports->{tls_port}"}
address-rate = 2000
address-burst = 2000
END
# Beside the names: imitations that are hits by their names alone, many in one batch, and none of them covered by a head at first.
my $log = start_log('looks', '--size', '1500', '--phish-every', '3', '--names', $list, '--api', 'static');
my $dir = new_house('looks', logs => list_of('looks.json', $log), from => 'start', poll => '200ms', rate => '0', listen => '127.0.0.1:0', egress => $egress,
	'look-time' => '20s', 'look-in-flight' => '200', targets => "$FindBin::Bin/../../conf/targets/example.conf",
	model => "$FindBin::Bin/../../conf/model/jp.hkmodel",
	looks => '{"on":true,"share":1,"cap":1000000,"floor":0,"threshold":0.5}');
hk(\"correct horse battery 9", 'user', 'add', '--roles', 'system_admin', 'akari');

# --- one look, by hand ---
my ($planted) = @phish;
my ($code, $out, $err) = hk('look', '--json', $planted);
is($code, 0, 'a look by hand') or diag $err;
my $look = eval { decode_json($out) } // {};
is($look->{outcome}, 'suspect', "$planted imitates") or diag $out;
cmp_ok(scalar @{ $look->{reasons} || [] }, '>', 0, 'and why is said') or diag $out;
my ($shop) = grep { $kind{$_}{what} eq 'page' } sort keys %kind;
($code, $out, $err) = hk('look', $shop);
is($code, 0, 'another one, as text');
unlike($out, qr/suspect/, "$shop does not") or diag $out;
like($out, qr/^verdict +(empty|plain)/m, 'as is said') or diag $out;
my ($closed) = grep { $kind{$_}{what} eq 'closed' } sort keys %kind;
($code, $out, $err) = hk('look', $closed);
is($code, 0, 'one that does not answer is a result, too') or diag $err;
like($out, qr/^verdict +dead/m, 'dead') or diag $out;
like((hk('look', 'word'))[2], qr/neither a host name nor a URL/, 'what is no site is refused');

# --- the stream ---
my $serve = spawn_role('serve', 'serve', '--workers', '1');
my $waiting = sub { return value('SELECT COUNT(*) FROM looks WHERE tries = 0 AND due_ms IS NOT NULL') };
my $looker = sub { return (slurp("$work/serve.err") =~ /role\.started role=look pid=(\d+)/g)[-1] };
ok(until_ok('looks', sub { value('SELECT COUNT(*) FROM looks WHERE tries > 0') >= 20 }), 'names become candidates, and are looked at') or diag slurp("$work/serve.err");
for my $round (1 .. $kills) {
	my $before = value('SELECT COUNT(*) FROM looks WHERE tries > 0');
	my $pid = $looker->();
	kill 'KILL', $pid;
	ok(until_ok('another', sub { $looker->() != $pid }), "kill -9 number $round: another one looks");
	ok(until_ok('more', sub { !$waiting->() || value('SELECT COUNT(*) FROM looks WHERE tries > 0') > $before }), 'and goes on') or diag slurp("$work/serve.err");
}
my $all_read = sub { my ($row) = rows("SELECT verified FROM ct_logs"); return $row && $row->[0] == control($log, 'state')->{size} };
ok(until_ok('the log', $all_read, 300), 'the whole log is read') or diag slurp("$work/serve.err");
ok(until_ok('all', sub { !$waiting->() }, 600), 'every candidate was looked at') or diag $waiting->(), slurp("$work/serve.err");
ok(until_ok('inbox', sub { !value("SELECT COUNT(*) FROM jobs WHERE stage = 'sighting' AND state <> 'done'") }), 'and every sighting dealt with');

# When to look again; then all that did not answer at once: on a busy machine some of them would have.
is(value("SELECT COUNT(*) FROM looks WHERE outcome IN ('dead', 'empty') AND tries = 1 AND due_ms - last_ms <> 300000"), 0, 'what shows nothing is due in 5 minutes');
is(value("SELECT COUNT(*) FROM looks WHERE outcome = 'plain' AND tries = 1 AND due_ms - last_ms <> 86400000"), 0, 'an ordinary page in a day');
my ($again) = map { $_->[0] } rows("SELECT host FROM looks WHERE outcome = 'dead' AND tries = 1 AND host = '$closed'");
is($again, $closed, "$closed was dead");
rows("UPDATE looks SET due_ms = last_ms WHERE outcome = 'dead' AND tries = 1");
ok(until_ok('again', sub { !value("SELECT COUNT(*) FROM looks WHERE outcome = 'dead' AND tries = 1") }, 300), 'when they are due they are looked at again') or diag slurp("$work/serve.err");
is(value("SELECT due_ms - last_ms FROM looks WHERE host = '$closed'"), 3_600_000, 'and then in an hour');

my %seen = map { $_->[0] => $_->[1] } rows('SELECT host, outcome FROM looks');
my %case = map { $_->[0] => 1 } rows('SELECT host FROM cases WHERE host IS NOT NULL');
my @lost = grep { !exists $seen{$_} && !$case{$_} } sort keys %kind;
is("@lost[0 .. ($#lost > 9 ? 9 : $#lost)]", '', 'no name is lost');
my @found = grep { $case{$_} } @phish;
my @missed = grep { !$case{$_} } @phish;
cmp_ok(scalar @found, '>=', 0.95 * @phish, 'at least 95 % of what imitates are cases') or diag join "\n", map { "$_ $kind{$_}{what} " . ($seen{$_} // '-') } @missed;
my @false = grep { $case{$_} && $kind{$_}{kind} eq 'benign' } sort keys %kind;
cmp_ok(scalar @false, '<=', $names / 10_000, 'and of the others at most one in 10,000') or diag join "\n", map { "$_ $kind{$_}{what}" } @false;
diag(sprintf '%d names: %d of %d imitations found, %d false', $names, scalar @found, scalar @phish, scalar @false);
my @twice = rows('SELECT host, COUNT(*) FROM cases GROUP BY host HAVING COUNT(*) > 1');
is(scalar @twice, 0, 'no case is doubled');
is(value("SELECT COUNT(*) FROM events WHERE act IN ('case.open', 'case.route')"), value('SELECT COUNT(*) FROM cases'), 'each is opened once, audited');
is(value("SELECT COUNT(*) FROM looks l LEFT JOIN cases c ON c.id = l.case_id AND c.host = l.host WHERE l.outcome = 'suspect' AND c.id IS NULL"), 0,
	'a suspect name says which case it is');
is(value("SELECT COUNT(*) FROM cases c WHERE c.host IN (SELECT host FROM looks WHERE outcome = 'suspect') AND (c.reasons = '[]' OR c.source_id IS NULL)"), 0,
	'with source and reasons');
is(value("SELECT COUNT(*) FROM looks l JOIN sightings s ON s.case_id = l.case_id WHERE l.outcome = 'suspect'") >= @found, 1,
	'and a sighting that says where it was seen') or diag scalar @found;
# Those that are hits by their names are sightings all of them, though many of one batch had to wait for a head.
my %issued;
for (split /\n/, slurp($log->{truth})) { my $row = decode_json($_); $issued{ $row->{tbs_sha256} } = 1 if $row->{kind} eq 'phish' && ($row->{shape} // '') eq 'combo' }
is(value("SELECT COUNT(*) FROM sightings WHERE kind = 'certificate' AND title LIKE '%mihon%'") >= keys %issued, 1, 'no sighting is lost')
	or diag value("SELECT COUNT(*) FROM sightings WHERE kind = 'certificate'"), ' of ', scalar keys %issued;

# --- people ---
my ($url) = slurp("$work/serve.out") =~ /"url":"([^"]+)"/;
login($url, 'akari', 'correct horse battery 9');
my $system = call('GET', '/system')->{json};
is($system->{looks}{taken}, value('SELECT COUNT(*) FROM looks'), 'the board says how many were taken');
is($system->{looks}{cases}, value("SELECT COUNT(*) FROM looks WHERE outcome = 'suspect' AND case_id IS NOT NULL"), 'and how many became cases');
my $answer = call('PUT', '/settings/looks', { on => JSON::PP::false });
is($answer->{status}, 200, 'looks can be switched off') or diag $answer->{content};
is(call('PUT', '/settings/looks', { share => 2 })->{status}, 400, 'nonsense is refused');
sleep 0.1;
rows("UPDATE looks SET due_ms = last_ms, tries = 3 WHERE host = '$closed'");
my $turn = sub { return value("SELECT due_ms FROM jobs WHERE stage = 'look'") };
for (1 .. 2) { my $was = $turn->(); until_ok('a turn', sub { $turn->() > $was }) }
is(value("SELECT tries FROM looks WHERE host = '$closed'"), 3, 'then nobody is looked at');
is(stop_it($serve), 0, 'SIGTERM ends it in good order') or diag slurp("$work/serve.err");
is(value("SELECT COUNT(*) FROM looks WHERE owner IS NOT NULL"), 0, 'no name is held any longer');
($code, $out, $err) = hk('audit', 'verify');
is($code, 0, 'the audit chain holds') or diag $err;
unlike(slurp("$work/serve.err"), qr/Sanitizer|runtime error/, 'no complaint of the sanitizers');
stop_it($sites);

done_testing();
