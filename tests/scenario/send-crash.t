#!/usr/bin/perl
# databases: both
# kill -9 while reports leave, by mail and by channels of every temper (tokens, can be searched, neither): nothing is lost, nothing arrives twice. What nobody can tell is put before
# a person, and never sent again by itself. HK_SOAK=N: N kills.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use Digest::SHA qw(sha256 sha256_hex);
use File::Path qw(make_path);
use House;
use HTTP::Tiny;
use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep time);

my $kills = $ENV{HK_SOAK} || 8;
my $seed = $ENV{HK_SEED} || time();
srand($seed);
diag("HK_SEED=$seed") if $ENV{HK_SOAK};
$CtFollow::deadline_s = 300;
my $json = JSON::PP->new->utf8->canonical;

# --- the other side ---
start("$work/vendors.out", "$work/vendors.err", 0, $CtFollow::range, 'vendors', '--dir', "$work/channels");
start("$work/mail.out", "$work/mail.err", 0, $CtFollow::range, 'mailhouse', '--dir', "$work/mailhouse", '--login', 'csirt@mihon-bank.example:range-password', '--pace', '0');
my %out;
for my $name (qw(vendors mail)) {
	ok(until_ok($name, sub { slurp("$work/$name.out") =~ /\n/ }), "$name: there") or diag slurp("$work/$name.err");
	$out{$name} = decode_json((split /\n/, slurp("$work/$name.out"))[0]);
}
chmod 0600, spew("$work/password", "range-password\n");
spew("$work/answers.conf", <<"END");
imap = "imaps://127.0.0.1:$out{mail}{imaps}"
ca-file = "$out{mail}{ca}"
user = "csirt\@mihon-bank.example"
password-file = "$work/password"
poll = 1s
END
my $dir = new_house('sends', 'report-org' => 'Mihon Bank CSIRT', 'report-contact' => 'csirt@mihon-bank.example', channels => "$work/channels", smtp => "smtp://127.0.0.1:$out{mail}{smtp}",
	'smtp-user' => 'csirt@mihon-bank.example', 'smtp-password-file' => "$work/password", 'smtp-ca' => $out{mail}{ca}, 'smtp-copy' => 'csirt@mihon-bank.example', 'reply-mail' => "$work/answers.conf");
rows(q(INSERT INTO settings (key, value, updated_ms) VALUES ('takedown', '{"draft":false,"undo_s":0,"per_hour":100000,"per_recipient_day":10000}', 0)));

my ($code0, undef, $err0) = hk(\"correct horse battery 8", 'user', 'add', '--roles', 'approver', 'ren');
is($code0, 0, 'somebody who approves') or diag $err0;
my $ren = value(q(SELECT id FROM users WHERE login = 'ren'));
my ($base) = slurp("$work/channels/netcraft.conf") =~ m{url = "([^"]+)"};
ok($base, 'the vendor is there') or diag slurp("$work/channels/netcraft.conf");

# --- reports that were approved: the bytes lie in the blob store, as report/draft puts them there ---
my $number = 0;
sub keep {
	my ($bytes) = @_;
	my $hex = sha256_hex($bytes);
	my $at = "$dir/blobs/" . substr($hex, 0, 2);
	return $hex if -e "$at/$hex";    # nobody but root could write it again
	make_path($at, { mode => 0700 });
	spew("$at/$hex", $bytes);
	chmod 0400, "$at/$hex";
	return $hex;
}
my $blob = sub { return $ENV{HK_TEST_PGSQL} ? "decode('$_[0]', 'hex')" : "x'$_[0]'" };
my $now = int(time() * 1000);

# report(case, channel, recipient, request, body)
sub report {
	my ($case, $channel, $recipient, $request, $body) = @_;
	my $token = sprintf '%032x', ++$number;
	$request =~ s/TOKEN/$token/g;
	$body =~ s/TOKEN/$token/g;
	my $content = keep($body);
	my $digest = sha256_hex("$request\n$body");
	(my $quoted = $request) =~ s/'/''/g;
	my $kind = $channel eq 'mail' ? 'hosting' : 'vendor';
	rows("INSERT INTO reports (case_id, channel, kind, recipient, lang, step, round, state, title, request, content, type, bytes, digest, token, drafted_ms, approver_id, approved_ms, send_ms) VALUES ($case, '$channel', '$kind', "
			. "'$recipient', 'en', 'first', 1, 'approved', 'r', '$quoted', " . $blob->($content) . ", 'message/rfc822', " . length($body) . ', ' . $blob->($digest) . ", '$token', $now, $ren, $now, $now)");
	my $id = value('SELECT MAX(id) FROM reports');
	my $url = value("SELECT url FROM cases WHERE id = $case");
	rows("INSERT INTO report_sites (report_id, position, case_id, url) VALUES ($id, 0, $case, '$url')");
	rows("INSERT INTO jobs (stage, key, state, case_id, due_ms, made_ms) VALUES ('send', '$id', 'ready', $case, $now, $now)");
	return $id;
}

# Channels by what they can: bank-tokens (the same token is the same report), bank-find (can be searched), netcraft (neither).
my $cases = 0;
sub batch {
	my ($count) = @_;
	my @urls = map { 'https://s' . ++$cases . '.crash.example/login' } 1 .. $count;
	my ($code, $out, $err) = hk(\join("\n", @urls), 'case', 'add', '-');
	is($code, 0, "$count cases") or diag $err;
	my $taker = spawn_role('intake', 'work', '--pools', 'work');
	until_ok('cases', sub { value('SELECT COUNT(*) FROM cases') >= $cases });
	stop_it($taker);
	rows(q(UPDATE cases SET state = 'confirmed', evidence_ms = 1 WHERE state = 'new'));
	for my $url (@urls) {
		my $case = value("SELECT id FROM cases WHERE url = '$url'");
		report($case, 'mail', "abuse\@desk$case.example", $json->encode({ way => 'mail', from => 'csirt+TOKEN@mihon-bank.example', to => ["abuse\@desk$case.example"], message_id => '<TOKEN@mihon-bank.example>' }),
			"From: csirt\@mihon-bank.example\r\nTo: abuse\@desk$case.example\r\nSubject: $url\r\nMessage-ID: <TOKEN\@mihon-bank.example>\r\nDate: Mon, 30 Nov 2026 00:00:00 +0000\r\n\r\n$url\r\n");
		report($case, 'netcraft', 'netcraft', '{"way":"http","test":false,"ask":' . $json->encode({ method => 'POST', url => "$base/report/urls", headers => ['Content-Type: application/json'], auth => 'none', auth_name => undef, auth_prefix => undef }) . '}',
			$json->encode({ email => 'csirt@mihon-bank.example', urls => [{ url => $url }] }));
	}
	return;
}
my $per = $kills < 50 ? 15 : 120;
batch($per);

# --- the axe ---
my $sent = sub { return value("SELECT COUNT(*) FROM reports WHERE state NOT IN ('approved', 'queued')") };
my $killed = 0;
while ($killed < $kills) {
	my $pid = spawn_role('send', 'work', '--pools', 'send');
	my $before = slurp("$work/send.err") // '';
	# From the start of the process to some sends later.
	until_ok('it works', sub { (slurp("$work/send.err") =~ tr/\n//) > ($before =~ tr/\n//) });
	sleep(rand(0.6));
	# Not by hand: a number that is forgotten here is somebody else's when this test ends.
	kill_it($pid);
	$killed++;
	batch($per) if value("SELECT COUNT(*) FROM reports WHERE state IN ('approved', 'queued')") < 5;
	# Nobody waits for leases of the dead here.
	rows(q(UPDATE jobs SET lease_ms = 0 WHERE state = 'leased'));
}
my $pid = spawn_role('send', 'work', '--pools', 'send');
rows(q(UPDATE jobs SET due_ms = 0 WHERE stage = 'send' AND state = 'ready'));
ok(until_ok('all', sub {
		# Letters whose fate the copy decides: not a quarter of an hour in a test.
		rows("UPDATE receipts SET begun_ms = begun_ms - 1900000 WHERE phase = 'committed' AND begun_ms > " . ($now - 1_800_000));
		value("SELECT COUNT(*) FROM reports WHERE state IN ('approved', 'queued')") == 0 }, 600), 'everything that was approved left, or is before a person') or diag slurp("$work/send.err");
stop_it($pid);

# --- what arrived ---
my $mails = decode_json(HTTP::Tiny->new->get("$out{mail}{control}delivered")->{content});
my $book = decode_json(HTTP::Tiny->new->get("$out{vendors}{url}-/reports?vendor=netcraft")->{content});
my $all = value('SELECT COUNT(*) FROM reports');
my $unsure = value(q(SELECT COUNT(*) FROM reports WHERE state = 'unsure'));
is($mails->{doubles}, 0, 'no letter came twice') or diag $json->encode($mails);
my %got;
for my $one (@{ $mails->{delivered} || [] }) {
	my $id = $one->{message_id} // $one->{id} // '';
	$got{$1} = 1 if $id =~ /([0-9a-f]{32})\@/;
}
my @lost = grep { !$got{$_} } map { $_->[0] } rows(q(SELECT token FROM reports WHERE channel = 'mail' AND state <> 'unsure'));
is(scalar @lost, 0, 'and none that counts as sent is missing') or diag "@lost[0 .. ($#lost > 3 ? 3 : $#lost)]", substr($json->encode($mails), 0, 600);
is(value(q(SELECT COUNT(*) FROM reports WHERE channel = 'mail' AND state = 'unsure')), 0, 'the copies have settled every doubt about letters');
my $vendor = $book->{vendors}{netcraft} // $book->{netcraft} // $book;
is($vendor->{doubles} // 0, 0, 'no vendor got a report twice') or diag substr($json->encode($book), 0, 800);
my $there = $vendor->{distinct} // 0;
my $counted = value(q(SELECT COUNT(*) FROM reports WHERE channel = 'netcraft' AND state NOT IN ('unsure', 'rejected')));
cmp_ok($there, '>=', $counted, 'and has every one that counts as sent') or diag substr($json->encode($book), 0, 800);
is(value(q(SELECT COUNT(*) FROM events WHERE act = 'report.send')), value('SELECT COUNT(*) FROM reports WHERE sent_ms IS NOT NULL'), 'each is sent once in the audit trail');
is(value(q(SELECT COUNT(*) FROM receipts WHERE phase <> 'ended')), 0, 'every try has its end');
# --- doubts that time settles: a list that is slow, a channel whose file is gone ---
my ($slow) = slurp("$work/channels/phishreport.conf") =~ m{url = "([^"]+)"};
my @cases = map { $_->[0] } rows('SELECT MIN(id) FROM cases UNION SELECT MAX(id) FROM cases');
my %doubt;
for my $at (['young', 20_000], ['old', 7_200_000]) {
	my ($age, $ago) = @$at;
	my $case = shift @cases;
	my $ask = '{"way":"http","test":false,"ask":' . $json->encode({ method => 'POST', url => "$slow/api/v0/cases", headers => ['Content-Type: application/json'], auth => 'bearer', auth_name => undef, auth_prefix => undef }) . '}';
	$doubt{"slow $age"} = report($case, 'phishreport', 'phishreport', $ask, $json->encode({ url => value("SELECT url FROM cases WHERE id = $case"), ignore_duplicates => JSON::PP::false }));
	$doubt{"gone $age"} = report($case, 'old-vendor', 'old-vendor', $ask, '{}');
	for my $id ($doubt{"slow $age"}, $doubt{"gone $age"}) {
		rows("UPDATE reports SET state = 'queued', tries = 1 WHERE id = $id");
		rows("INSERT INTO receipts (report_id, act, phase, begun_ms) VALUES ($id, 'submit', 'committed', " . (int(time() * 1000) - $ago) . ')');
	}
}
my $of = sub { return value("SELECT state FROM reports WHERE id = $doubt{$_[0]}") };
$pid = spawn_role('send', 'work', '--pools', 'send');
ok(until_ok('settled', sub { $of->('slow old') ne 'queued' && $of->('gone old') ne 'queued' }), 'time settles doubts') or diag slurp("$work/send.err");
isnt($of->('slow old'), 'unsure', 'what is not in their list after hours was not taken: it is sent again');
is($of->('gone old'), 'unsure', 'whom nobody can ask any more is for a person to judge');
like(value("SELECT why FROM reports WHERE id = $doubt{'gone old'}"), qr/file is gone/, 'and why is said');
ok(until_ok('looked', sub { (value("SELECT due_ms FROM jobs WHERE stage = 'send' AND key = '$doubt{'slow young'}'") // 0) > time() * 1000 }), 'the young ones were looked at');
is($of->("$_ young"), 'queued', "$_, young: it may still come to their list, or the file back") for qw(slow gone);
stop_it($pid);
my $list = decode_json(HTTP::Tiny->new->get("$out{vendors}{url}-/reports?vendor=phishreport")->{content})->{vendors}{phishreport};
is(scalar @{ $list->{reports} }, 1, 'only the old one is there') or diag $json->encode($list);
diag("$killed kills, $all reports, $unsure before a person");
my ($code, $out, $err) = hk('audit', 'verify');
is($code, 0, 'the audit chain is whole') or diag $out, $err;
done_testing();
