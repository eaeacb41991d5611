#!/usr/bin/perl
# databases: both
# `hikeshi case`: lists of every kind become cases, wrong ones are told line by line; kill -9 in the middle of an import loses no line and
# doubles none. HK_SOAK=N: N kills.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use Encode;
use House;
use JSON::PP;
use Test::More;
use Time::HiRes qw(time sleep);

my $kills = $ENV{HK_SOAK} || 8;
my $seed = $ENV{HK_SEED} || time();
srand($seed);
diag("HK_SEED=$seed HK_SOAK=$kills") if $ENV{HK_SOAK};
$CtFollow::deadline_s = 240;
my $dir = new_house('case');

sub cases { value('SELECT COUNT(*) FROM cases') }

# add
my ($code, $out, $err) = hk('case', 'add', 'hxxps://evil[.]example/login', 'http://b.example/');
is($code, 0, 'two URLs are taken') or diag $err;
like($out, qr{^opened\s+#\d+\s+hxxps://evil\[\.\]example/login\nopened\s+#\d+\s+hxxp://b\[\.\]example/\n2 opened}, 'and told, so that nobody clicks them');
($code, $out, $err) = hk(\"https://evil.example/other\n\nhello\nfoo bar\nhttp://c.example/,http://d.example/\n", 'case', 'add', '-');
is($code, 65, 'a list with wrong lines');
like($out, qr{attached\s+#1\s+hxxps://evil\[\.\]example/other}, 'a known host is attached');
like($out, qr{refused\s+line 3: no host name: a single word: hello}, 'a word is refused');
like($out, qr{refused\s+line 4: words without a URL}, 'words are, too');
like($out, qr{refused\s+line 5: more than one URL.*: hxxp://c\[\.\]example/,hxxp://d\[\.\]example/$}m, 'and two URLs on a line, harmless as well');
unlike($out, qr{http}, 'nothing of it can be clicked');
like($err, qr{3 of 4 lines were refused}, 'the end says so');
is(cases(), 2, 'two cases in all');
($code, $out) = hk(\"http://new.example/\nhttp://new.example/x\n", 'case', 'add', '--dry-run', '-');
like($out, qr{opened\s+new\s+hxxp://new\[\.\]example/\nattached\s+new\s+hxxp://new\[\.\]example/x}, 'a dry run knows duplicates of its own');
is(cases(), 2, 'and makes nothing');

($code, $out) = hk('case', 'add', '--dry-run', '--exact', 'hxxp://new[.]example/');
like($out, qr{^opened\s+new\s+http://new\.example/$}m, 'or exact, for who asks for it');

# import
my $csv = "日付,URL,説明\r\n2024/11/29 10:00:00,https://f.example/?a=1,\"みほん, 急ぎ\"\r\n2024/11/29,https://f.example/?a=1,x\r\n,,\r\n"
	. "2999/01/01,https://g.example/,x\r\n\"open\r\n";
my $sjis = spew("$dir/list.csv", encode('cp932', decode('utf-8', $csv)));
($code, $out, $err) = hk('case', 'import', '--json', $sjis);
is($code, 65, 'CP932 with wrong lines') or diag $out, $err;
my @lines = map { decode_json($_) } split /\n/, $out;
is(join(' ', map { "$_->{line}:$_->{how}" . ($_->{how} eq 'refused' ? ":$_->{why}" : '') } @lines),
	'2:opened 3:attached 4:refused:empty 5:refused:date 6:refused:quote', 'line by line');
is(value("SELECT text FROM comments WHERE case_id = $lines[0]{case} ORDER BY id LIMIT 1"), 'みほん, 急ぎ', 'the description is kept');
($code, $out, $err) = hk('case', 'import', '--columns', 'url=3', spew("$dir/c.csv", "1,x,http://h.example/\n"));
is($code, 0, 'columns by number') or diag $out, $err;
($code, $out, $err) = hk('case', 'import', '--format', 'jsonl', spew("$dir/l.jsonl", "{\"url\":\"http://i.example/\",\"labels\":[\"SMS\"]}\n[]\n"));
is($code, 65, 'JSON lines');
is(value("SELECT label FROM labels"), 'sms', 'with a label');
like($out, qr{line 2: }, 'a line without a URL is told');

# wrong from the start
for my $wrong (
	[ 64, qr{a URL is needed} ], [ 65, qr{standard input is empty}, '-' ], [ 64, qr{COLUMN=NAME}, '--columns', 'url', 'http://a.example' ],
	[ 65, qr{no such column}, '--columns', 'nonsense=1', 'http://a.example' ], [ 65, qr{refused}, '--target', 'nobody', 'http://a.example' ],
	[ 65, qr{refused}, '--kind', 'nonsense', 'http://a.example' ], [ 66, qr{no such active user}, '--as', 'nobody', 'http://a.example' ]) {
	my ($want, $like, @words) = @$wrong;
	($code, $out, $err) = hk('case', 'add', @words);
	is($code, $want, "case add @words");
	like($err, $like, 'says why');
}
($code, $out, $err) = hk('case', 'import', "$dir/nothing.csv");
is($code, 66, 'no such file');
($code, $out, $err) = hk('case', 'import', spew("$dir/binary", join '', map { chr } 0 .. 255));
is($code, 65, 'a binary file is refused') or diag $out, $err;
is(value("SELECT COUNT(*) FROM intakes WHERE state NOT IN ('done')"), 0, 'nothing is left over');

# list, show, act
($code, $out) = hk('case', 'list', '--json', 'host:evil.example');
is(decode_json($out)->{urls}, 2, 'listed');
($code, $out) = hk('case', 'list', '--csv', '--bom', 'host:evil.example');
like($out, qr{^\xef\xbb\xbfid,}, 'as CSV for Excel');
($code, $out) = hk('case', 'list', 'host:evil.example');
like($out, qr{^1\s.*\sevil\[\.\]example$}m, 'as a table, defanged');
unlike($out, qr{evil\.example}, 'all of it');
($code, $out) = hk('case', 'list', '--exact', 'host:evil.example');
like($out, qr{^1\s.*\sevil\.example$}m, 'or exact');
($code, $out) = hk('case', 'act', '1', 'confirm');
is($code, 0, 'confirmed');
($code, $out, $err) = hk('case', 'act', '1', 'close');
is($code, 77, 'a move that is none');
($code, $out) = hk('case', 'show', '1');
like($out, qr{^state\s+confirmed$}m, 'shown');
like($out, qr{^host\s+evil\[\.\]example$}m, 'defanged') or diag $out;
like((hk('case', 'show', '--exact', '1'))[1], qr{^host\s+evil\.example$}m, 'or exact');

# kill -9
my $rows = 3000;
my (%want, %hosts);
my $list = "date,URL,description\n";
for my $n (1 .. $rows) {
	my $url = $n % 97 ? 'https://k' . int($n / 3) . ".crash.example/$n" : 'not a host';
	$list .= "2024/11/29 00:00:00,$url,x\n";
	next if $url =~ / /;
	$want{$url}++;
	$hosts{ 'k' . int($n / 3) }++;
}
($code, $out) = hk(\$list, 'case', 'add', '--queue', '--format', 'csv', '-');
my ($id) = $out =~ /queued intake (\d+)/;
ok($id, 'an import waits');
my $before = value('SELECT COALESCE(MAX(id), 0) FROM cases');
for my $n (1 .. $kills) {
	my $pid = spawn_role('work', 'work');
	sleep 0.05 + rand 0.8;
	kill_it($pid);
	# The dead one's lease: a minute that the test does not wait for. Eight deaths in a row would make it a dead letter.
	rows("UPDATE jobs SET lease_ms = 0, attempts = 0 WHERE state = 'leased'");
}
diag('killed at line ' . value("SELECT line FROM intakes WHERE id = $id")) if $ENV{HK_SOAK};
my $pid = spawn_role('work', 'work');
ok(until_ok('the import', sub { value("SELECT state FROM intakes WHERE id = $id") eq 'done' }), 'it is done in the end')
	or diag(slurp("$work/work.err"), map { "@$_\n" } rows("SELECT id, stage, state, attempts, error FROM jobs WHERE state <> 'done'"));
stop_it($pid);
is(value("SELECT opened + attached + routed + refused + skipped FROM intakes WHERE id = $id"), $rows + 1, 'every line has become something');
is(value("SELECT COUNT(*) FROM intake_lines WHERE intake_id = $id"), $rows, '0 lines lost');
is(value("SELECT COUNT(*) FROM cases WHERE id > $before"), scalar(keys %hosts), 'one case for each host');
is(value("SELECT COUNT(*) FROM case_urls WHERE case_id > $before"), scalar(keys %want), 'every URL is there');
is(value("SELECT COALESCE(SUM(times), 0) FROM case_urls WHERE case_id > $before"), scalar(keys %want), '0 doubled');
# SIGTERM in the middle of a dry run
my $dry = join "\n", map { "https://d" . int($_ / 2) . ".dry.example/$_" } 1 .. 6000;
($id) = (hk(\$dry, 'case', 'add', '--queue', '--dry-run', '-'))[1] =~ /queued intake (\d+)/;
$pid = spawn_role('dry', 'work');
ok(until_ok('the dry run', sub { value("SELECT line FROM intakes WHERE id = $id") > 0 }), 'a dry run is under way');
is(stop_it($pid), 0, 'the worker ends in good order');
my ($left) = rows("SELECT i.state, j.state, COALESCE(j.owner, '-') FROM intakes i JOIN jobs j ON j.key = '$id' AND j.stage = 'intake' WHERE i.id = $id");
is("@$left", 'running ready -', 'before the dry run does, which it gives back');
$pid = spawn_role('dry2', 'work');
ok(until_ok('the dry run', sub { value("SELECT state FROM intakes WHERE id = $id") eq 'done' }), 'another one does it');
stop_it($pid);
is(join(' ', @{ (rows("SELECT lines, opened, attached, refused FROM intakes WHERE id = $id"))[0] }), '6000 3001 2999 0', 'from its beginning: each line counts once');
is(value("SELECT COUNT(*) FROM cases WHERE host LIKE '%.dry.example'"), 0, 'and nothing was made');
($code, $out, $err) = hk('audit', 'verify');
is($code, 0, 'the audit chain holds') or diag $out, $err;

done_testing();
