#!/usr/bin/perl
# databases: both
# The bell on the range: a dead drop names a server, five ports are listened to, a wave on five ports is one wave, one case, one alarm, with evidence following; nothing is said but hello, beat, pong and close;
# what is heard survives kill -9; a server that moves, falls silent, refuses, floods or lies is survived and told; no number is anywhere in clear.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use Digest::SHA qw(sha256_hex);
use House;
use JSON::PP;
use MIME::Base64;
use Test::More;

my $json = JSON::PP->new->utf8->canonical;
my $src = "$FindBin::Bin/../..";
my $http = HTTP::Tiny->new(timeout => 30);
binmode Test::More->builder->$_, ':utf8' for qw(output failure_output todo_output);

# --- the outside ---
my $c2 = start("$work/c2.out", "$work/c2.err", 0, $CtFollow::range, 'c2', '--scenario', "$src/range/scenarios/wave.txt", '--speed', '20', '--begin', 'control', '--confirm', '--drop', 'drop.range.test', '--drop', 'second.range.test');
my $links = start("$work/links.out", "$work/links.err", 0, $CtFollow::range, 'shortlinks', '--links', "$src/range/scenarios/wave.links");
for my $name (qw(c2 links)) {
	ok(until_ok($name, sub { slurp("$work/$name.out") =~ /\n/ }), "$name: there") or BAIL_OUT(slurp("$work/$name.err"));
}
my %out = map { $_ => $json->decode((split /\n/, slurp("$work/$_.out"))[0]) } qw(c2 links);
my $at = "http://127.0.0.1:$out{c2}{port}";
sub ask {
	my ($method, $what, $body) = @_;
	my $answer = $http->request($method, "$at/-/$what", { content => $body // '' });
	diag("$method $what: $answer->{status} $answer->{content}") if !$answer->{success};
	return eval { $json->decode($answer->{content}) };
}
my @ports = map { qq("$_->{name}=$_->{port}") } @{ $out{c2}{b} };
my $egress = spew("$work/egress.conf", <<"END");
range = 127.0.0.1
range-addresses = { "203.0.113.77", "203.0.113.78" }
range-ports = { "drop.range.test:80=$out{c2}{port}", "second.range.test:80=$out{c2}{port}", "t.range.test:80=$out{links}{port}", "t.range.test:443=$out{links}{tls_port}", @{[join ', ', @ports]} }
address-rate = 2000
address-burst = 2000
host-rate = 2000
host-burst = 2000
END

# --- the house ---
mkdir "$work/c2" or die;
(my $family = slurp("$src/conf/c2/keepspy.conf")) =~ s/^enabled = false/enabled = true/m;
$family =~ s{^drops = .*}{drops = { "http://drop.range.test/", "http://second.range.test/" }}m;
$family =~ s/^drop-every = .*/drop-every = 1s/m;
$family =~ s/^beat-every = .*/beat-every = 1s/m;
spew("$work/c2/keepspy.conf", $family);
spew("$work/shared.conf", "t.range.test shortener\n");
mkdir "$work/chats" or die;
spew("$work/chats/url", "http://127.0.0.1:9/\n");
chmod 0600, "$work/chats/url";
spew("$work/chats/duty.conf", "kind = webhook\nurl-file = url\nkey-file = key\n");
spew("$work/chats/key", 'k' x 32);
chmod 0600, "$work/chats/key";
my $dir = new_house('bell', listen => '127.0.0.1:0', egress => $egress, targets => "$src/conf/targets/example.conf", families => "$work/c2", 'c2-key' => "$work/c2.key", 'c2-piece' => '4s',
	'shared-hosts' => "$work/shared.conf", chats => "$work/chats");
my @serve = ('serve', '--workers', '1');
my $serve = spawn_role('serve', @serve);
ok(until_ok('serve', sub { slurp("$work/serve.out") =~ /"url"/ }), 'the house stands') or BAIL_OUT(slurp("$work/serve.err"));

# must(name, cond): without it the rest means nothing.
sub must {
	my ($name, $cond, $sql) = @_;
	return if ok(until_ok($name, $cond), $name);
	diag map { join(' | ', map { $_ // '' } @$_) . "\n" } rows($sql // 'SELECT port, state, why FROM c2_sessions');
	diag slurp("$work/serve.err");
	done_testing();
	exit 1;
}
sub count { return value("SELECT COUNT(*) FROM $_[0]") }

# --- it listens ---
must('five ports are listened to', sub { count("c2_sessions WHERE state = 'open' AND beat_ms IS NOT NULL") == 5 });
is(value('SELECT COUNT(DISTINCT address) FROM c2_named'), 1, 'one address is named');
is(count("c2_drops WHERE state = 'naming'"), 2, 'by two drops');
like(value('SELECT print FROM c2_sessions LIMIT 1'), qr/101 Switching/, 'what the host looks like');

# --- a wave ---
ask('POST', 'play');
must('the wave is there', sub { (value('SELECT MAX(commands) FROM waves') // 0) == 5 }, 'SELECT * FROM waves');
is(count('waves'), 1, 'five commands on five ports are one wave');
is(value('SELECT COUNT(DISTINCT s.port) FROM c2_commands c JOIN c2_sessions s ON s.id = c.session_id WHERE wave_id IS NOT NULL'), 5, 'on five ports');
is(value('SELECT numbers FROM waves'), 200, 'to two hundred people');
is(value('SELECT repeated FROM waves'), 0, 'none twice');
is(value('SELECT t.key FROM waves w JOIN targets t ON t.id = w.target_id'), 'mihon-bank', 'against our bank') or diag map { "@$_\n" } rows('SELECT key, name FROM targets');
must('where its links lead', sub { count("c2_links WHERE landing IS NOT NULL") == 3 }, 'SELECT url, state, landing, why FROM c2_links');
is(count('cases'), 1, 'one case');
must('it is the site of the landing', sub { (value('SELECT host FROM cases') // '') eq 'ysl88.mihon-kisei.test' }, 'SELECT host, url, state FROM cases');
is(value('SELECT state FROM cases'), 'confirmed', 'confirmed by itself');
is(count('case_urls'), 4, 'with its three short links');
is(count("notices WHERE chat = '' OR event = 'wave.seen'") > 0 ? value("SELECT COUNT(*) FROM notices WHERE event = 'wave.seen' AND chat = 'duty'") : 0, 1, 'one alarm') or diag map { join(' ', map { $_ // '' } @$_) . "\n" } rows('SELECT * FROM notices');
my ($heard, $opened) = @{ (rows('SELECT MIN(c.at_ms), MIN(k.opened_ms) FROM c2_commands c, cases k WHERE c.wave_id IS NOT NULL'))[0] };
diag(sprintf 'from the frame to the case: %d ms', $opened - $heard);

# --- commands that are none of ours ---
my %before = map { @$_ } rows('SELECT verb, COUNT(*) FROM c2_commands GROUP BY verb');
ask('POST', "send?port=7775&verb=$_") for qw(contacts inbox apps);
ask('POST', 'send?port=7776&text=%E6%9C%AA%E7%9F%A5%26abc');
must('they are written down', sub { count('c2_commands') == 9 }, 'SELECT verb, word, text FROM c2_commands');
is(count("c2_commands WHERE verb = ''"), 1, 'one that nobody knows, too');

# --- nothing was said ---
sub strange { return ask('GET', 'log')->{strange} }
is(strange(), 0, 'nothing but hello, beat, pong and close');
cmp_ok(scalar @{ ask('GET', 'log')->{sessions} }, '>=', 5, 'said in five sessions');

# --- nobody is named ---
my $sent = ask('GET', 'sent');
my @numbers = map { my $t = $_->{text}; $t =~ /(0[789]0\d{8})/g } @{ $sent->{commands} };
cmp_ok(scalar @numbers, '>=', 200, 'the numbers that were sent');
sub named_in {
	my ($where, $text) = @_;
	my @found = grep { index($text, $_) >= 0 || index($text, '+81' . substr $_, 1) >= 0 } @numbers;
	return is(scalar @found, 0, "$where names nobody");
}
named_in($_, join "\n", map { join ' ', map { $_ // '' } @$_ } rows("SELECT * FROM $_")) for qw(waves c2_commands wave_numbers notices events cases case_urls comments jobs c2_links);
named_in('the log', slurp("$work/serve.err"));
must('pieces are closed', sub { count('c2_transcripts') >= 5 }, 'SELECT * FROM c2_transcripts');
sub blobs { return join '', map { slurp($_) } grep { -f } glob("$dir/blobs/*/* $dir/blobs/*/*/* $dir/blobs/*") }
like(blobs(), qr/hikeshi-c2\/1/, 'in the blob store');
named_in('the evidence', blobs());
named_in('the records', join '', map { slurp($_) } glob("$dir/state/c2/*.jsonl"));
cmp_ok(count('c2_sealed'), '>=', 1, 'what was received in clear is sealed');
my $piece;
must('one with commands', sub { $piece = value('SELECT t.id FROM c2_transcripts t JOIN c2_sealed s ON s.transcript_id = t.id WHERE t.commands > 0 ORDER BY t.id LIMIT 1') }, 'SELECT * FROM c2_transcripts');
hk(\'correct horse battery 9', 'user', 'add', '--roles', 'analyst', 'akari');
my ($rc, $clear, $said) = hk('c2', 'reveal', $piece);
is($rc, 64, 'nobody opens it unnamed') or diag $said;
($rc, $clear, $said) = hk('c2', 'reveal', '--as', 'akari', $piece);
is($rc, 0, 'akari opens it') or diag $said;
is(value("SELECT who FROM events WHERE act = 'c2.reveal'"), 'akari', 'which is written down');
my ($line) = map { $json->decode($_) } split /\n/, $clear;
my $hex = value("SELECT lower(" . ($ENV{HK_TEST_PGSQL} ? "encode(sha256, 'hex')" : 'hex(sha256)') . ") FROM c2_transcripts WHERE id = $piece");
my @lines = split /\n/, slurp("$dir/blobs/" . substr($hex, 0, 2) . "/$hex");
is($json->decode($lines[$line->{line}])->{commit}, sha256_hex(decode_base64($line->{salt}) . decode_base64($line->{raw})), 'salt and bytes are what the record commits to');

# --- killed while it listens: what came is taken up again, none twice ---
my ($watch) = grep { slurp("/proc/$_/cmdline") =~ /hikeshi\0watch/ || slurp("/proc/$_/comm") =~ /watch/ } split ' ', slurp("/proc/$serve/task/$serve/children");
kill_it($serve);
my ($left) = grep { slurp($_) =~ /"command":true/ || -s $_ } glob("$dir/state/c2/*.jsonl");
my $record = $left ? slurp($left) : '';
is(until_ok('all are gone', sub { !grep { -d "/proc/$_" } grep { defined } $watch }), 1, 'killed');
$serve = spawn_role('serve', @serve);
must('they are listened to again', sub { my $s = ask('GET', 'state'); (grep { $_->{clients} >= 1 } @{ $s->{b} }) == 5 });
ask('POST', "send?port=$_&verb=send&numbers=\@3&text=%E3%80%90%E3%81%BF%E3%81%BB%E3%82%93%E9%8A%80%E8%A1%8C%E3%80%91%E7%A2%BA%E8%AA%8D%20https://t.range.test/KoJR0A9aAf") for 7775 .. 7779;
must('what comes then is heard', sub { count('c2_commands') == 14 }, 'SELECT verb, at_ms FROM c2_commands');
is(count('waves'), 2, 'a second wave');
my $heard_again = ask('GET', 'sent');
is(scalar @{ $heard_again->{missed} } + @{ $heard_again->{cut} }, 0, 'nothing was sent to nobody') or diag $json->encode($heard_again->{missed});
must('in the same case', sub { value('SELECT COUNT(DISTINCT c.id) FROM waves w JOIN cases c ON c.id = w.case_id AND c.merged_into IS NULL') == 1 }, 'SELECT id, host, state, merged_into FROM cases');

# --- the server moves ---
ask('POST', 'a?host=drop.range.test&address=203.0.113.78:7775');
must('another address is named', sub { count("c2_named WHERE address = '203.0.113.78:7775'") == 1 }, 'SELECT * FROM c2_named');
must('and listened to', sub { count("c2_sessions WHERE host = '203.0.113.78' AND state = 'open'") == 5 });
is(count("notices WHERE event = 'c2.moved' AND chat = 'duty'") >= 1, 1, 'which is told');
ask('POST', 'a?host=second.range.test&address=203.0.113.78:7775');
must('the other drop names it, too', sub { count("c2_named WHERE address = '203.0.113.78:7775'") == 2 }, 'SELECT * FROM c2_named');
ask('POST', 'a?host=drop.range.test&state=403');
ask('POST', 'a?host=second.range.test&state=404');
must('403 and 404 are states', sub { value('SELECT COUNT(DISTINCT state) FROM c2_drops WHERE state <> \'naming\'') == 2 }, 'SELECT url, state, status, why FROM c2_drops');

# --- silence ---
ask('POST', 'fault?port=7777&fault=silent');
must('silence is told', sub { count("notices WHERE event = 'c2.silent'") >= 1 }, 'SELECT host, port, state, why FROM c2_sessions');
ask('POST', 'fault?port=7777&fault=none');
must('and that it is over', sub { count("notices WHERE event = 'c2.back'") >= 1 }, 'SELECT host, port, state, why FROM c2_sessions');

# --- servers that attack ---
for my $fault (qw(8gb-header endless-fragments invalid-utf8 flood)) {
	my $opened = value("SELECT SUM(opened) FROM c2_sessions WHERE port = 7778");
	ask('POST', "fault?port=7778&fault=$fault&times=1");
	ask('POST', 'drop?port=7778');
	ok(until_ok($fault, sub { count("c2_sessions WHERE port = 7778 AND state IN ('lost', 'refused', 'silent')") >= 1 || value("SELECT SUM(opened) FROM c2_sessions WHERE port = 7778") > $opened }), "$fault is survived") or diag slurp("$work/serve.err");
}
must('and it is listened to again', sub { count("c2_sessions WHERE host = '203.0.113.78' AND state = 'open'") == 5 });
unlike(slurp("$work/serve.err"), qr/role\.ended/, 'nobody fell over');

is(strange(), 0, 'whatever they did, nothing was said but hello, beat, pong and close');

# --- the end ---
is(stop_it($serve), 0, 'SIGTERM') or diag slurp("$work/serve.err");
is(join('', map { slurp($_) } glob("$dir/state/c2/*.jsonl")), '', 'all records are pieces');
# --- a record that nobody goes on with ---
my ($pieces, $commands) = (count('c2_transcripts'), count('c2_commands'));
isnt($record, '', 'one was left behind when it was killed');
spew($left, $record . '{"at_ms":17');
$serve = spawn_role('serve', @serve);
must('becomes a piece', sub { -s $left == 0 && count('c2_transcripts') > $pieces });
is(count('c2_commands'), $commands, 'and nothing in it is taken twice');
is(stop_it($serve), 0, 'SIGTERM');
my ($code, undef, $err) = hk('audit', 'verify');
is($code, 0, 'the audit chain is whole') or diag $err;
done_testing();
