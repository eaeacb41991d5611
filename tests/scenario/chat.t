#!/usr/bin/perl
# databases: both
# The chat against the range: cards for Teams, Slack and a signed webhook; all three away, and cases go on; back again, and each card arrives once, whatever was
# killed meanwhile; a flood is one card.
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use House;
use HTTP::Tiny;
use IO::Socket::INET;
use JSON::PP;
use Test::More;

binmode Test::More->builder->$_, ':utf8' for qw(output failure_output todo_output);
$CtFollow::deadline_s = 60;
my $stage = "$ENV{HK_BUILD}/tests/chat_stage";
my $dir = new_house('chat');
my $http = HTTP::Tiny->new(timeout => 20);

# --- the chats ---
my $pid = CtFollow::start("$work/chats.out", "$work/chats.err", 0, $CtFollow::range, 'chats', '--dir', "$work/chats");
until_ok('the chats', sub { slurp("$work/chats.out") =~ /\}/ }) or BAIL_OUT(slurp("$work/chats.err"));
my $url = decode_json(slurp("$work/chats.out"))->{url};

sub cards { return decode_json($http->get("${url}-/cards")->{content}) }
sub fault { return $http->post("${url}-/fault?$_[0]")->{status} }
# How many of each.
sub counts { my $all = cards(); return join ' ', map { scalar @{ $all->{$_} } } qw(teams slack webhook) }

sub database { return (slurp($config) =~ /^database = "(.*)"/m)[0] }

sub told {
	my ($event, $case, $data) = @_;
	return system($stage, database(), "$dir/audit.key", 'tell', $event, $case, $data // ()) >> 8;
}

sub worker {
	return CtFollow::start("$work/stage.out", "$work/stage.err", 0, $stage, database(), "$dir/audit.key", 'work', "$work/chats", 'https://board.mihon-bank.example');
}

sub add_case {
	my ($name) = @_;
	my ($code, $out, $err) = hk('case', 'add', "https://$name.evil.example/login?m=taro%40bank.example", '--json');
	is($code, 0, "case $name") or diag $err;
	return value("SELECT id FROM cases WHERE host = '$name.evil.example'");
}

# Before there is a chat: what happens to them is not told by itself.
my $case = add_case('one');
my @more = map { add_case("more$_") } 1 .. 4;
my $worker = worker();
ok(until_ok('the chats', sub { value("SELECT COUNT(*) FROM channels WHERE name LIKE 'chat:%'") == 3 }), 'a worker says which chats there are') or diag slurp("$work/stage.err");
is(told('case.opened', $case), 0, 'the chat is told');
ok(until_ok('three cards', sub { counts() eq '1 1 1' }), 'Teams, Slack and the webhook have it') or diag slurp("$work/stage.err"), counts();
my $all = cards();
like(encode_json($all->{teams}[0]), qr/hxxps:\/\/one\[\.\]evil\[\.\]example\/login/, 'with the address, defanged');
unlike(encode_json($all), qr/one\.evil\.example|taro/, 'and nothing else of it');
is($all->{webhook}[0]{links}[0]{url}, "https://board.mihon-bank.example/#/case/$case", 'and the way to the board');
is($all->{refused}{$_}, 0, "$_ refused nothing") for qw(teams slack webhook);

# --- all three away ---
fault('chat=teams&status=503');
fault('chat=slack&status=0');
fault('chat=webhook&status=429&retry=2');
for my $id (@more) {
	is(told('report.drafted', $id, '{"count":3}'), 0, "case $id: told");
}
ok(until_ok('each was tried', sub { my $r = cards()->{refused}; $r->{teams} && $r->{slack} && $r->{webhook} }), 'the chats do not take them');
is(counts(), '1 1 1', 'no card arrives');
is(value("SELECT COUNT(*) FROM notices WHERE state = 'waiting' AND chat <> ''"), 12, 'they wait');
is(value("SELECT COUNT(*) FROM jobs WHERE state = 'dead'"), 0, 'nobody gives up');
my $still = add_case('still');
is(value('SELECT COUNT(*) FROM cases'), 6, 'cases go on');
is(value("SELECT COUNT(*) FROM channels WHERE name LIKE 'chat:%' AND error IS NOT NULL"), 3, 'and the channels say what is wrong');
unlike(join('', map { join ' ', map { $_ // '' } @$_ } rows('SELECT why, body FROM notices')) . slurp("$work/stage.err"), qr/127\.0\.0\.1|chats-key/, 'without the secrets');
kill_it($worker);
$worker = worker();
fault("chat=$_&status=200") for qw(teams slack webhook);
ok(until_ok('all cards', sub { counts() eq '6 6 6' }), 'back again: all cards arrive') or diag counts(), slurp("$work/stage.err");
ok(until_ok('all is sent', sub { value("SELECT COUNT(*) FROM notices WHERE state = 'waiting'") == 0 }), 'and none waits');
$all = cards();
my %seen;
$seen{$_->{case}}++ for @{ $all->{webhook} };
is_deeply([sort values %seen], [1, 1, 1, 1, 1, 1], 'each once');
is_deeply([map { $_->{case} } @{ $all->{webhook} }], [$case, @more, $still], 'in the order in which it happened');

# --- killed again and again while it sends ---
for my $round (1 .. 3) {
	told('site.back', $case) for 1 .. 2;
	until_ok('a card more', sub { scalar(@{ cards()->{webhook} }) > 6 + 2 * ($round - 1) });
	kill_it($worker);
	$worker = worker();
	ok(until_ok('both are there', sub { @{ cards()->{webhook} } >= 6 + 2 * $round && @{ cards()->{teams} } >= 6 + 2 * $round }), "round $round: nothing is lost");
}
is(scalar(@{ cards()->{webhook} }), 12, 'the webhook knows by its number what was sent twice');
ok(until_ok('Slack, too', sub { @{ cards()->{slack} } >= 12 && value("SELECT COUNT(*) FROM notices WHERE state = 'waiting'") == 0 }), 'Slack at its own pace');
cmp_ok(scalar(@{ cards()->{teams} }), '<=', 12 + 3, 'Teams may have one twice for each kill');

# --- a flood ---
my $before = scalar @{ cards()->{slack} };
fault('chat=slack&status=503');
told('case.opened', $case) for 1 .. 30;
ok(until_ok('a digest', sub { (value("SELECT COUNT(*) FROM notices WHERE chat = 'slack' AND event = 'digest'") // 0) > 0 }), 'many cards become one');
ok(until_ok('all are made', sub { value("SELECT COUNT(*) FROM notices WHERE chat = '' AND state = 'waiting'") == 0 }), 'all of them');
fault('chat=slack&status=200');
ok(until_ok('it is told', sub { value("SELECT COUNT(*) FROM notices WHERE chat = 'slack' AND (state = 'waiting' OR (state = 'folded' AND sent_ms IS NULL))") == 0 }), 'and are told');
cmp_ok(scalar(@{ cards()->{slack} }) - $before, '<', 15, 'in few cards');
is(stop_it($worker), 0, 'SIGTERM') or diag slurp("$work/stage.err");
is(value("SELECT COUNT(*) FROM jobs WHERE stage = 'notice' AND state = 'dead'"), 0, 'no dead letters');
stop_it($pid);

# --- the whole program, with a chat that takes the connection and never says a word ---
my $silent = IO::Socket::INET->new(Listen => 100, LocalAddr => '127.0.0.1', LocalPort => 0) or BAIL_OUT("no socket: $!");
mkdir "$work/silent-chats" or BAIL_OUT("$work/silent-chats: $!");
chmod 0600, spew("$work/silent-chats/url", 'http://127.0.0.1:' . $silent->sockport . "/cards\n");
spew("$work/silent-chats/silent.conf", "kind = teams\nurl-file = url\n");
new_house('silent', listen => '127.0.0.1:0', chats => "$work/silent-chats");
is(value("SELECT COUNT(*) FROM channels WHERE name LIKE 'chat:%'"), 0, 'nobody has said that there is a chat');
hk('case', 'add', 'https://early.evil.example/');
is(value('SELECT COUNT(*) FROM notices'), 0, 'so nothing is written down for one');
hk(\"correct horse battery 9", 'user', 'add', '--roles', 'analyst', 'akari');
my $serve = spawn_role('serve', 'serve', '--workers', '1');
ok(until_ok('the chat', sub { value("SELECT COUNT(*) FROM channels WHERE name = 'chat:silent'") == 1 }), 'serve says so') or diag slurp("$work/serve.err");
hk('case', 'add', 'https://first.evil.example/');
my $held = $silent->accept;
ok($held, 'a card is being handed in, and nobody answers');
my ($code, undef, $err) = hk(\"https://meanwhile.evil.example/\n", 'case', 'add', '--queue', '-');
is($code, 0, 'a line is queued') or diag $err;
my $late = sub { value("SELECT id FROM cases WHERE host = 'meanwhile.evil.example'") };
ok(until_ok('its case', sub { $late->() }), 'the worker opens its case meanwhile') or diag slurp("$work/serve.err");
# A person confirms it: what follows from that happens, too.
ok(until_ok('the board', sub { slurp("$work/serve.out") =~ /"url":"/ }), 'the board is up');
login(slurp("$work/serve.out") =~ /"url":"([^"]+)"/, 'akari', 'correct horse battery 9');
my $confirmed = call('POST', '/cases/' . $late->() . '/acts', { act => 'confirm' }, { 'If-Match' => '"' . value('SELECT version FROM cases WHERE id = ' . $late->()) . '"' });
is($confirmed->{status}, 200, 'it is confirmed') or diag $confirmed->{content};
ok(until_ok('drafts', sub { (value('SELECT state FROM jobs WHERE stage = \'draft\' AND case_id = ' . $late->()) // '') eq 'done' }), 'its reports are looked after') or diag slurp("$work/serve.err");
is(value('SELECT COUNT(*) FROM watches WHERE case_id = ' . $late->()), 1, 'and its site is watched');
is(value("SELECT COUNT(*) FROM notices WHERE chat <> '' AND state <> 'waiting'"), 0, 'no card was taken');
is(value("SELECT COUNT(DISTINCT owner) FROM jobs WHERE stage = 'notice' AND owner IN (SELECT owner FROM jobs WHERE stage = 'intake')"), 0, 'who waits for the chat is nobody who works on cases');
is(value("SELECT COUNT(*) FROM jobs WHERE state = 'dead'"), 0, 'and nothing is given up');
close $held;
close $silent;
is(stop_it($serve), 0, 'SIGTERM') or diag slurp("$work/serve.err");
done_testing();
