#!/usr/bin/perl
# databases: both
# The drill of docs/backup.md: a house with cases, evidence and reports; a backup while it works; the machine burns; another one is built of backup, keys, evidence and configuration. The trail and the
# evidence hold, every row of the backup is there, and nothing that has left leaves again unless a person says so. Then the way back from an upgrade.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use Digest::SHA qw(sha256_hex);
use File::Copy qw(copy);
use File::Path qw(make_path remove_tree);
use House;
use HTTP::Tiny;
use JSON::PP;
use Test::More;
use Time::HiRes qw(time);

my $json = JSON::PP->new->utf8->canonical;
my ($akari_says, $ren_says) = ('correct horse battery 7', 'correct horse battery 8');
$CtFollow::deadline_s = 180;

# --- the other side: a mail server, and the parties who are written to ---
start("$work/mail.out", "$work/mail.err", 0, $CtFollow::range, 'mailhouse', '--dir', "$work/mailhouse", '--login', 'csirt@mihon-bank.example:range-password', '--pace', '1000000');
ok(until_ok('the mail house', sub { (slurp("$work/mail.out") // '') =~ /\n/ }), 'a mail house') or BAIL_OUT(slurp("$work/mail.err"));
my $out = decode_json((split /\n/, slurp("$work/mail.out"))[0]);
chmod 0600, spew("$work/password", "range-password\n");
my %smtp = ('report-org' => 'Mihon Bank CSIRT', 'report-contact' => 'csirt@mihon-bank.example', smtp => "smtp://127.0.0.1:$out->{smtp}", 'smtp-user' => 'csirt@mihon-bank.example',
	'smtp-password-file' => "$work/password", 'smtp-ca' => $out->{ca}, listen => '127.0.0.1:0');
my $delivered = sub { return decode_json(HTTP::Tiny->new->get("$out->{control}delivered")->{content}) };

# --- the house ---
my $dir = new_house('first', %smtp);
rows(q(INSERT INTO settings (key, value, updated_ms) VALUES ('takedown', '{"draft":false,"undo_s":0,"per_hour":100000,"per_recipient_day":10000}', 0)));
for (['akari', 'analyst,system_admin', $akari_says], ['ren', 'approver', $ren_says]) {
	my ($code, undef, $err) = hk(\$_->[2], 'user', 'add', '--roles', $_->[1], $_->[0]);
	is($code, 0, "user $_->[0]") or diag $err;
}

my ($web, $sender, $worker);
# open_doors(): the roles of the house as it is now; ren is logged in.
sub open_doors {
	my $before = length(slurp("$work/web.err") // '');
	$web = spawn_role('web', 'web');
	$worker = spawn_role('work', 'work', '--pools', 'work');
	my $at;
	until_ok('the web role listens', sub { ($at) = substr(slurp("$work/web.err") // '', $before) =~ m{web\.listens url=(\S+)}; $at }) or BAIL_OUT(slurp("$work/web.err"));
	is(login($at, 'ren', $ren_says)->{status}, 200, 'ren is in');
	return;
}
open_doors();

my $blob = sub { return $ENV{HK_TEST_PGSQL} ? "decode('$_[0]', 'hex')" : "x'$_[0]'" };
my $hex = $ENV{HK_TEST_PGSQL} ? "encode(digest, 'hex')" : 'lower(hex(digest))';
my $number = 0;

(my $seed = $CtFollow::hikeshi) =~ s{src/hikeshi$}{tests/evidence_seed};

# a_case(url): its number, confirmed and with evidence of a visit.
sub a_case {
	my ($at) = @_;
	my ($code, undef, $err) = hk(\"$at\n", 'case', 'add', '-');
	is($code, 0, "a case: $at") or diag $err;
	my $case = value("SELECT id FROM cases WHERE url = '$at'") or BAIL_OUT("no case of $at");
	like(qx('$seed' '$House::database' '$dir/audit.key' '$dir/blobs' $case 2>&1), qr/^\d+$/, 'with evidence');
	rows("UPDATE cases SET state = 'confirmed' WHERE id = $case");
	return $case;
}

# a_draft(case, mailbox): a letter as report/draft keeps it.
sub a_draft {
	my ($case, $to) = @_;
	my ($token, $now) = (sprintf('%032x', ++$number), int(time() * 1000));
	my $at = value("SELECT url FROM cases WHERE id = $case");
	my $body = "From: csirt\@mihon-bank.example\r\nTo: $to\r\nSubject: $at\r\nMessage-ID: <$token\@mihon-bank.example>\r\nDate: Mon, 30 Nov 2026 00:00:00 +0000\r\n\r\n$at\r\n";
	my $request = $json->encode({ way => 'mail', from => "csirt+$token\@mihon-bank.example", to => [$to], message_id => "<$token\@mihon-bank.example>" });
	my $content = sha256_hex($body);
	my $folder = "$dir/blobs/" . substr($content, 0, 2);
	make_path($folder, { mode => 0700 });
	chmod 0400, spew("$folder/$content", $body);
	rows("INSERT INTO reports (case_id, channel, kind, recipient, lang, step, round, state, title, request, content, type, bytes, digest, token, drafted_ms) VALUES ($case, 'mail', 'hosting', '$to', 'en', 'first', 1, "
			. "'drafted', 'r', '$request', " . $blob->($content) . ", 'message/rfc822', " . length($body) . ', ' . $blob->(sha256_hex("$request\n$body")) . ", '$token', $now)");
	my $id = value('SELECT MAX(id) FROM reports');
	rows("INSERT INTO report_sites (report_id, position, case_id, url) VALUES ($id, 0, $case, '$at')");
	return $id;
}

# approve(report, stops ...): what the API says: '' when it was approved, else the stop.
sub approve {
	my ($id, @agreed) = @_;
	my $answer = call('POST', '/reports/approve', { reports => [{ id => 0 + $id, digest => value("SELECT $hex FROM reports WHERE id = $id") }], agree => \@agreed });
	return value("SELECT state FROM reports WHERE id = $id") ne 'drafted' ? '' : $answer->{content};
}
my $state = sub { return value("SELECT state FROM reports WHERE id = $_[0]") };
sub leaves { my ($id, $text) = @_; return ok(until_ok('sent', sub { $state->($id) eq 'sent' }), $text) || diag $state->($id), slurp("$work/send.err") }

# --- before the backup: one report has left, one is about to, one is a draft ---
my ($a, $b, $c) = map { a_draft(a_case("https://$_.drill.example/login"), "abuse\@$_-hosting.example") } qw(gone going drafted);
is(approve($a, 'first'), '', 'one is approved');
$sender = spawn_role('send', 'work', '--pools', 'send');
leaves($a, 'and has left');
stop_it($sender);
is(approve($b, 'first'), '', 'one more is approved, and is about to leave');
is($state->($b), 'approved', 'nobody sends it yet');

# --- the backup, while people and programs go on ---
my $writer = fork() // die;
if (!$writer) {
	open STDOUT, '>', '/dev/null';
	for (my $i = 0;; $i++) {
		open my $to, '|-', $CtFollow::hikeshi, 'case', 'add', '--config', $config, '-' or POSIX::_exit(1);
		print {$to} "https://busy$i.drill.example/\n";
		close $to;
	}
}
until_ok('somebody writes', sub { value('SELECT COUNT(*) FROM cases') > 4 });
my $safe = "$work/safe";
make_path($safe);
my ($code, $told, $err) = hk('db', 'backup', "$safe/house.backup");
is($code, 0, 'a backup, while the house works') or BAIL_OUT($err);
kill 'TERM', $writer;
waitpid $writer, 0;
my %rows = $told =~ /^(\w+) +(\d+)$/mg;
cmp_ok($rows{cases} // 0, '>=', 4, 'it tells how many rows it holds') or diag $told;
# The rest of docs/backup.md: keys, evidence, configuration; and the head of the trail, kept elsewhere.
copy("$dir/$_", "$safe/$_") or die "$_: $!" for qw(audit.key web.key hikeshi.conf);
system('cp', '-a', "$dir/blobs", "$safe/blobs") == 0 or die 'cp';
is((hk('db', 'restore', '--dry-run', "$safe/house.backup"))[0], 0, 'it is sound');

# --- behind the backup: the two leave, and a new case is reported ---
$sender = spawn_role('send', 'work', '--pools', 'send');
leaves($b, 'what was about to leave has left');
is(approve($c, 'first'), '', 'the draft is approved');
leaves($c, 'and has left');
my $d = a_draft(a_case('https://later.drill.example/login'), 'abuse@later-hosting.example');
is(approve($d, 'first'), '', 'a case of later');
leaves($d, 'is reported, too');
($code, $told) = hk('audit', 'anchor');
spew("$safe/heads", $told);
is($delivered->()->{mails}, 4, 'four letters have arrived');

# --- the machine burns ---
kill_it($_) for $web, $sender, $worker;
remove_tree($dir);
ok(!-e $dir, 'nothing is left of it');

# --- another one ---
$dir = new_house('second', %smtp);
remove_tree("$dir/house.db", "$dir/audit.key") unless $ENV{HK_TEST_PGSQL};
chmod 0600, "$safe/audit.key";
copy("$safe/audit.key", "$dir/audit.key") or die;
chmod 0600, "$dir/audit.key";
copy("$safe/web.key", "$dir/web.key") or die;
chmod 0600, "$dir/web.key";
system('cp', '-a', "$safe/blobs", "$dir/blobs") == 0 or die 'cp';
($code, $told, $err) = hk('db', 'restore', $ENV{HK_TEST_PGSQL} ? '--force' : (), "$safe/house.backup");
is($code, 0, 'restored') or BAIL_OUT($err);
like($told, qr/asks for a person before it leaves/, 'it says what that means for reports');
is((hk('db', 'check'))[0], 0, 'the database is whole');
my %now = map { $_ => value("SELECT COUNT(*) FROM $_") } grep { /^(?:cases|reports|receipts|events|captures|runs|users|sightings)$/ } keys %rows;
is_deeply(\%now, { map { $_ => $rows{$_} } keys %now }, 'every row of the backup is there') or diag $json->encode(\%now);
cmp_ok(scalar keys %now, '>=', 5, 'of five tables at least');
is((hk('audit', 'verify'))[0], 0, 'the trail holds under its key');
($code, $told, $err) = hk('audit', 'verify', '--head', "$safe/heads");
is($code, 65, 'the head that was kept elsewhere says that acts are missing') or diag $told, $err;
for my $case (map { $_->[0] } rows('SELECT DISTINCT case_id FROM runs ORDER BY case_id')) {
	($code, $told, $err) = hk('evidence', 'verify', '--case', $case);
	is($code, 0, "the evidence of case $case holds") or diag $told, $err;
}
rows(q(DELETE FROM workers));

# --- nothing leaves twice ---
open_doors();
$sender = spawn_role('send', 'work', '--pools', 'send');
is($state->($a), 'sent', 'what had left is sent');
is($state->($b), 'unsure', 'what was about to leave is before a person');
is($state->($c), 'drafted', 'the draft is one again');
like(approve($c, 'first'), qr/restored/, 'and is not approved before somebody agrees that it may be the second one');
my $e = a_draft(a_case('https://later.drill.example/login'), 'abuse@later-hosting.example');
like(approve($e, 'first'), qr/restored/, 'nor is what is drafted anew of what the sources tell once more');
my $preview = call('POST', '/reports/preview', { ids => [0 + $e] });
like($preview->{content}, qr/"restored"/, 'who approves sees it');
# What might run on by itself has had its turn when a report that may leave has left.
my $f = a_draft(a_case('https://new.drill.example/login'), 'abuse@new-hosting.example');
is(approve($f, 'first', 'restored'), '', 'a person agrees: it is approved');
leaves($f, 'and leaves');
my $answer = call('POST', "/reports/$b/acts", { act => 'send', note => 'it is in our sent mail' }, { 'If-Match' => '"' . value("SELECT version FROM reports WHERE id = $b") . '"' });
is($answer->{status}, 200, 'a person says of the other one that it was sent') or diag $answer->{content};
is($state->($b), 'sent', 'so it was');
is($delivered->()->{mails}, 5, 'five letters have arrived in all');
is($delivered->()->{doubles}, 0, 'none of them twice');
stop_it($_) for $web, $sender, $worker;
is((hk('audit', 'verify'))[0], 0, 'the trail goes on');

# --- back from an upgrade: the backup that was made before it ---
($code, $told, $err) = hk('db', 'backup', "$safe/before-upgrade.backup");
is($code, 0, 'a backup before the upgrade') or diag $err;
my $cases = value('SELECT COUNT(*) FROM cases');
rows("INSERT INTO schema_log SELECT number + 1, name, sha256, at_ms FROM schema_log WHERE number = (SELECT MAX(number) FROM schema_log)");
($code, undef, $err) = hk('case', 'list');
is($code, 78, 'the old program leaves a newer database alone');
like($err, qr/newer|upgrade/, 'and says so');
($code, $told, $err) = hk('db', 'restore', '--force', "$safe/before-upgrade.backup");
is($code, 0, 'the backup takes its place') or diag $err;
like($told, qr/^the database before: \S/m, 'the newer one is kept beside it') unless $ENV{HK_TEST_PGSQL};
is((hk('case', 'list'))[0], 0, 'the old program works');
is(value('SELECT COUNT(*) FROM cases'), $cases, 'with every case');
is((hk('audit', 'verify'))[0], 0, 'and its trail');
done_testing();
