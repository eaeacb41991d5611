#!/usr/bin/perl
# databases: both
# Short links of waves are followed to where they lead, hop by hop, as a telephone in Japan; where they lead is not touched. What hangs, circles, dies or moves is told as that.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use House;
use JSON::PP;
use Test::More;

$CtFollow::deadline_s = 120;

# --- the outside ---
my $meta = spew("$work/meta.html", '<head><noscript><META http-equiv="refresh" content="0;URL=http://meta-landing.test/a?b=1"></noscript><title>http://meta-landing.test/a?b=1</title></head>'
	. '<script>window.opener = null; location.replace("http:\/\/meta-landing.test\/a?b=1")</script>');
my $script = spew("$work/script.html", '<html><head><script>location.replace("http://script-landing.test/s")</script></head></html>');
my $plain = spew("$work/plain.html", '<html><body><p>This link has been blocked.</p><a href="http://www.advert.test/">a</a><a href="http://www.advert.test/b">b</a></body></html>');
# The way of each link: what HEAD is told, what GET is told.
my @ways = (
	['t.co/simple', '301 http://ysl88.test/'],
	['t.co/official', '301 http://www.mihon-bank.test/'],
	['t.co/get', '405', '302 http://bit.ly/next'],
	['bit.ly/next', '301 https://get-landing.test/x'],
	['t.co/meta', "200 $meta"],
	['t.co/script', '403', "200 $script"],
	['t.co/close', 'close', '301 http://close-landing.test/'],
	['t.co/relative', '302 /simple'],
	['t.co/circle', '301 http://bit.ly/circle'],
	['bit.ly/circle', '301 http://t.co/circle'],
	['t.co/warned', '302 https://x.com/safety/unsafe_link_warning?lang=ja&unsafe_link=http%3A%2F%2Fwarned.test%2Fa%3Fb%3D1'],
	['t.co/warned2', '302 https://twitter.com/safety/unsafe_link_warning?unsafe_link=bad'],
	['t.co/gone', '404'],
	['t.co/gone2', '410'],
	['t.co/blocked', "200 $plain"],
	['t.co/busy', '503'],
	['t.co/app', '302 intent://open#Intent;end'],
	['t.co/inside', '302 http://127.0.0.1/admin'],
	['t.co/local', '302 http://localhost/admin'],
	['t.co/hang', 'hang', 'hang'],
	(map { ["t.co/chain$_", '301 http://t.co/chain' . ($_ + 1)] } 1 .. 15),
	['t.co/chain16', '301 http://never.test/'],
	['t.co/moves', '301 http://first.test/'],
	['t.co/late', '301 http://late.test/'],
);
my $answers = "$work/answers";
sub ways { spew("$answers.new", join '', map { join("\t", @$_) . "\n" } @_); rename "$answers.new", $answers or die "$answers: $!"; return }
ways(@ways);
my $sites = start("$work/sites.out", "$work/sites.err", 0, $^X, "$FindBin::Bin/lib/shorteners.pl", $answers, "$work/asked");
ok(until_ok('the shorteners', sub { slurp("$work/sites.out") =~ /\n/ }), 'shorteners') or diag slurp("$work/sites.err");
my ($port) = slurp("$work/sites.out") =~ /(\d+)/;
my $stop = "$work/stop";
my $egress = spew("$work/egress.conf", <<"END");
range = 127.0.0.1
range-ports = {"80=$port", "443=$port"}
stop-file = "$stop"
address-rate = 5000
address-burst = 5000
host-rate = 5000
host-burst = 5000
END
sub asked { return map { [ split /\t/ ] } split /\n/, slurp("$work/asked") }
sub asked_for { my ($place) = @_; return join ' ', map { $_->[0] } grep { "$_->[1]$_->[2]" eq $place } asked() }

# --- waves, as flow/wave writes them ---
new_house('hops', egress => $egress);
rows(q(INSERT INTO targets (key, name, name_en, own, domains, updated_ms) VALUES ('mihon-bank', 'みほん銀行', 'Mihon Bank', 1, '["mihon-bank.test"]', 0)));
my $now = time() * 1000;
my $waves = 0;
# One wave with those links, due now, and the case of its first one.
sub wave {
	my (@links) = @_;
	$waves++;
	my $key = $ENV{HK_TEST_PGSQL} ? "decode('" . sprintf('%064x', $waves) . "', 'hex')" : sprintf("X'%064x'", $waves);
	rows("INSERT INTO waves (family, key, text, first_ms, last_ms) VALUES ('keepspy', $key, 'text', $now, $now)");
	for my $link (@links) {
		# At once, as flow/wave does it: a link that is followed before it is the wave's tells the wave nothing.
		rows("BEGIN; INSERT INTO c2_links (url, short, state, first_ms, named_ms, due_ms) VALUES ('http://t.co/$link', 1, 'unseen', $now, $now, $now); "
			. "INSERT INTO wave_links (wave_id, link_id) SELECT $waves, id FROM c2_links WHERE url = 'http://t.co/$link'; COMMIT");
	}
	return $waves;
}
sub link_of { my ($name) = @_; my ($row) = rows("SELECT state, COALESCE(landing, ''), hops, COALESCE(why, ''), checks FROM c2_links WHERE url = 'http://t.co/$name'"); return @$row }
my @quick = qw(simple official get meta script close relative circle warned warned2 gone gone2 blocked busy app inside local chain1 moves);
wave($_) for @quick;
wave('hang');

my $worker = spawn_role('work', 'work', '--pools', 'hops', '--log-level', 'debug');
ok(until_ok('the quick ones', sub { !value("SELECT COUNT(*) FROM c2_links WHERE checks = 0 AND url <> 'http://t.co/hang'") }), 'all are followed') or diag slurp("$work/work.err");
# A link that comes while another hangs is not held up by it.
is(value("SELECT checks FROM c2_links WHERE url = 'http://t.co/hang'"), 0, 'one still hangs');
wave('late');
ok(until_ok('late', sub { (link_of('late'))[4] == 1 }), 'one that comes meanwhile is followed at once') or diag slurp("$work/work.err");
is((link_of('hang'))[4], 0, 'while the other hangs');

my %leads = (simple => 'http://ysl88.test/', official => 'http://www.mihon-bank.test/', get => 'https://get-landing.test/x', meta => 'http://meta-landing.test/a?b=1',
	script => 'http://script-landing.test/s', close => 'http://close-landing.test/', relative => 'http://ysl88.test/', warned => 'http://warned.test/a?b=1', moves => 'http://first.test/', late => 'http://late.test/');
for my $name (sort keys %leads) {
	my ($state, $landing, $hops) = link_of($name);
	is("$state $landing", "leads $leads{$name}", "$name leads there") or diag join ' ', link_of($name);
}
my $hops = decode_json((link_of('get'))[2]);
is(join(' ', map { "$_->{url}=$_->{status}" } @$hops), 'http://t.co/get=302 http://bit.ly/next=301', 'each hop is kept, with its status');
cmp_ok($hops->[0]{at}, '>=', $now - 1000, 'and its time');
my %dead = (circle => qr/circle/, warned2 => qr/no web address/, gone => qr/does not know/, gone2 => qr/does not know/, blocked => qr/leads nowhere/, app => qr/no web address/, chain1 => qr/too many/,
	inside => qr/no public address/, local => qr/no web address/);
for my $name (sort keys %dead) {
	my ($state, $landing, undef, $why) = link_of($name);
	is("$state $landing", 'dead ', "$name leads nowhere") or diag join ' ', link_of($name);
	like($why, $dead{$name}, 'why is said');
}
is((link_of('busy'))[0], 'away', 'one that is busy does not answer');
like((link_of('busy'))[3], qr/503/, 'with what it said');
ok(until_ok('the one that hangs', sub { (link_of('hang'))[4] == 1 }), 'one that never answers is given up');
is((link_of('hang'))[0], 'away', 'as one that does not answer');

# --- who was asked, and how ---
my %hosts = map { $_->[1] => 1 } asked();
is(join(' ', sort keys %hosts), 'bit.ly t.co', 'shorteners alone were asked: no landing was touched');
is(asked_for('t.co/simple'), 'HEAD HEAD', 'HEAD is enough');
is(asked_for('t.co/get'), 'HEAD GET', 'GET where HEAD is refused');
is(asked_for('t.co/meta'), 'HEAD GET', 'and where it says nothing');
is(scalar(grep { $_->[3] !~ /iPhone/ || $_->[4] !~ /^ja/ } asked()), 0, 'by a telephone that speaks Japanese');
like(slurp("$work/work.err"), qr/egress\.allowed[^\n]*purpose=c2-link/, 'each hop stands in the records');
is(value("SELECT COUNT(*) FROM waves w JOIN wave_links k ON k.wave_id = w.id JOIN c2_links l ON l.id = k.link_id WHERE l.state = 'leads' AND COALESCE(w.landing, '') <> l.landing"), 0,
	'the waves know where their links lead');
is(value("SELECT COUNT(*) FROM c2_links WHERE due_ms IS NULL OR due_ms - last_ms <> 300000"), 0, 'and all are due again in five minutes');

# --- the landing moves ---
my $turns = sub { my ($name) = @_; rows("UPDATE c2_links SET due_ms = last_ms WHERE url = 'http://t.co/$name'"); rows("UPDATE jobs SET due_ms = 0 WHERE stage = 'hops' AND state = 'ready'"); return };
ways((map { $_->[0] eq 't.co/moves' ? [ 't.co/moves', '301 http://second.test/' ] : $_ } @ways));
$turns->('moves');
ok(until_ok('moved', sub { (link_of('moves'))[4] == 2 }), 'it is followed again') or diag slurp("$work/work.err");
is((link_of('moves'))[1], 'http://second.test/', 'the landing has moved');
is(value("SELECT COUNT(*) FROM c2_landings d JOIN c2_links l ON l.id = d.link_id WHERE l.url = 'http://t.co/moves'"), 2, 'both are history');
is(value("SELECT COUNT(*) FROM events WHERE act = 'wave.landing' AND data LIKE '%first.test%second.test%'"), 1, 'audited');

# --- the kill switch ---
spew($stop, '');
my $before = scalar(my @n = asked());
$turns->('simple');
# What is asked for afterwards proves that a turn has passed: the job is not even taken.
rows("UPDATE jobs SET attempts = 0 WHERE stage = 'hops'");
is(stop_it($worker), 0, 'SIGTERM ends it in good order') or diag slurp("$work/work.err");
$worker = spawn_role('killed', 'work', '--pools', 'hops');
ok(until_ok('it works', sub { slurp("$work/killed.err") =~ /start/ }), 'another worker, while the switch is on');
is(scalar(@n = asked()), $before, 'nobody is asked while it is on');
unlink $stop;
ok(until_ok('again', sub { (link_of('simple'))[4] == 2 }), 'switched off: it is followed') or diag slurp("$work/killed.err");
is(value("SELECT COUNT(*) FROM jobs WHERE stage = 'hops' AND state <> 'dead'"), 1, 'the job lives');
is(stop_it($worker), 0, 'ended');
my ($code, $out, $err) = hk('audit', 'verify');
is($code, 0, 'the audit chain holds') or diag $err;
unlike(slurp("$work/work.err") . slurp("$work/killed.err"), qr/Sanitizer|runtime error/, 'no complaint of the sanitizers');
stop_it($sites);

done_testing();
