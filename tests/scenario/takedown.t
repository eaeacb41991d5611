#!/usr/bin/perl
# databases: both
# The whole way of a takedown on the range: a case is confirmed by one person, reported to hoster, registrar and vendors, approved by another, answered by mail, goes dark,
# comes back, is reported again, and ends with its clocks in the statistics. Nothing is lost, nothing doubled, nothing leaves unapproved.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use Crews;
use Digest::SHA qw(sha256_hex);
use House;
use JSON::PP;
use Test::More;
use Web;

my $json = JSON::PP->new->utf8->canonical;
my $host = 'www.mihon-login.example';
$CtFollow::deadline_s = 120;

crews(1);

# --- a case, confirmed by akari ---
my $answer = call('POST', '/cases', { url => "http://$host/" });
my $case = $answer->{json}{case}{id};
ok($case, 'a case') or diag $answer->{content};
ok(until_ok('evidence', sub { value("SELECT COUNT(*) FROM cases WHERE id = $case AND evidence_ms IS NOT NULL") }), 'its evidence is secured') or diag slurp("$work/serve.err");
my $version = sub { return { 'If-Match' => '"' . value("SELECT version FROM cases WHERE id = $case") . '"' } };
$answer = call('POST', "/cases/$case/acts", { act => 'confirm' }, $version->());
is($answer->{status}, 200, 'akari confirms it') or BAIL_OUT($answer->{content});
my $drafts = sub { return value("SELECT COUNT(*) FROM reports WHERE case_id = $case AND state = 'drafted' AND round = $_[0]") };
must('reports are drafted', sub { $drafts->(1) >= 8 }, table('SELECT channel, kind, recipient, state, stops FROM reports'));
my %drafted = map { ("$_->[0]:$_->[1]" => 1) } rows("SELECT channel, recipient FROM reports WHERE case_id = $case");
ok($drafted{'mail:abuse@registrar.example'}, 'to the registrar') or diag join ' ', sort keys %drafted;
ok($drafted{'mail:abuse@hosting.example'}, 'to the hoster');
my @vendors = grep { !/^mail:|^form:/ } sort keys %drafted;
cmp_ok(scalar @vendors, '>=', 6, 'to six channels at least') or diag "@vendors";
sleep 3;
my $delivered = sub {
	my $got = HTTP::Tiny->new->get("$out{mail}{control}delivered");
	return decode_json($got->{content});
};
is(value('SELECT COUNT(*) FROM receipts'), '0', 'nothing leaves unapproved');

# --- approval: by somebody else, for these bytes ---
my @ids = map { $_->[0] } rows("SELECT id FROM reports WHERE case_id = $case AND state = 'drafted' ORDER BY id");
my $preview = call('POST', '/reports/preview', { ids => [map { 0 + $_ } @ids] });
is($preview->{status}, 200, 'what would leave is shown') or diag $preview->{content};
my %digest = map { $_->[0] => $_->[1] } rows($ENV{HK_TEST_PGSQL} ? "SELECT id, encode(digest, 'hex') FROM reports" : 'SELECT id, lower(hex(digest)) FROM reports');
my @asked = map { { id => 0 + $_, digest => $digest{$_} } } @ids;
$answer = call('POST', '/reports/approve', { reports => \@asked, agree => ['first'] });
is($answer->{status}, 403, 'akari is no approver') or diag $answer->{content};
people('ren', 'correct horse battery 8');
$answer = call('POST', '/reports/approve', { reports => [{ %{ $asked[0] }, digest => '0' x 64 }], agree => ['first'] });
unlike($answer->{content}, qr/"state":"approved"/, 'other bytes than those that are there are not approved');
$answer = call('POST', '/reports/approve', { reports => \@asked, agree => [] });
is(value("SELECT COUNT(*) FROM reports WHERE channel = 'mail' AND state = 'approved' AND recipient = 'abuse\@hosting.example'"), '0', 'the first mail to a mailbox is agreed to by name');
$answer = call('POST', '/reports/approve', { reports => \@asked, agree => ['first'] });
my $unsent = "SELECT COUNT(*) FROM reports WHERE case_id = $case AND state IN ('drafted', 'approved', 'queued') AND request NOT LIKE '%\"way\":\"assisted\"%'";
must('ren approves, and all leave', sub { value($unsent) == 0 }, $answer->{content}, table("SELECT channel, recipient, state, stops, why FROM reports WHERE case_id = $case"));
is(value("SELECT COUNT(*) FROM reports WHERE case_id = $case AND sent_ms IS NULL AND request NOT LIKE '%\"way\":\"assisted\"%'"), '0', 'every one of them was taken')
	or diag join "\n", map { "@$_" } rows("SELECT channel, recipient, state, why FROM reports WHERE case_id = $case AND sent_ms IS NULL");
is(value("SELECT state FROM cases WHERE id = $case"), 'reported', 'the case is reported');
my $book = decode_json(HTTP::Tiny->new->get("$out{vendors}{url}-/reports")->{content});
ok($json->encode($book) !~ /"doubles":[1-9]/, 'no vendor got one twice') or diag $json->encode($book);

# --- answers ---
must('hoster and registrar answer by mail', sub { value("SELECT COUNT(*) FROM letters WHERE class = 'actioned'") >= 2 }, table('SELECT sender, subject, class, report_id FROM letters'));
is(value("SELECT COUNT(*) FROM letters WHERE report_id IS NULL AND sender <> 'csirt\@mihon-bank.example'"), '0', 'each is matched to its report') or diag join "\n", map { "@$_" } rows('SELECT sender, subject, class FROM letters WHERE report_id IS NULL');
must('and the reports say what was done', sub { value("SELECT COUNT(*) FROM reports WHERE case_id = $case AND recipient = 'abuse\@hosting.example' AND round = 1 AND state = 'actioned'") == 1 },
	table('SELECT channel, recipient, state FROM reports'));

# --- dark, and back ---
my $look = sub { rows("UPDATE watches SET due_ms = 0 WHERE case_id = $case AND due_ms IS NOT NULL") };
must('the site is seen to be dark', sub { $look->(); value("SELECT state FROM cases WHERE id = $case") eq 'down' }, table('SELECT case_id, state, since_ms, due_ms FROM watches'));
is(value("SELECT COUNT(*) FROM cases WHERE id = $case AND down_ms >= reported_ms"), '1', 'its clocks are kept');
my $told = HTTP::Tiny->new->post("http://127.0.0.1:$out{sites}{port}/-/sites?host=$host&state=live", { content => '' });
is($told->{status}, 200, 'it comes back') or diag $told->{content};
must('that is seen', sub { $look->(); value("SELECT state FROM cases WHERE id = $case") eq 'resurrected' });
must('and a second round is drafted', sub { $drafts->(2) >= 8 }, table('SELECT channel, recipient, round, state FROM reports'));
@ids = map { $_->[0] } rows("SELECT id FROM reports WHERE case_id = $case AND state = 'drafted' AND round = 2 ORDER BY id");
%digest = map { $_->[0] => $_->[1] } rows($ENV{HK_TEST_PGSQL} ? "SELECT id, encode(digest, 'hex') FROM reports" : 'SELECT id, lower(hex(digest)) FROM reports');
$answer = call('POST', '/reports/approve', { reports => [map { { id => 0 + $_, digest => $digest{$_} } } @ids], agree => [] });
must('it is reported again, without asking for the mailboxes that are known', sub { value($unsent) == 0 }, $answer->{content}, table("SELECT channel, recipient, state, stops, why FROM reports WHERE round = 2"));
must('and goes dark again', sub { $look->(); value("SELECT state FROM cases WHERE id = $case") eq 'down' });
is(call('POST', "/cases/$case/acts", { act => 'close' }, $version->())->{status}, 200, 'the case is closed');

# --- what is left of it ---
my @twice = rows('SELECT case_id, channel, recipient, step, round, COUNT(*) FROM reports GROUP BY case_id, channel, recipient, step, round HAVING COUNT(*) > 1');
is(scalar @twice, 0, 'one report per recipient and round') or diag join "\n", map { "@$_" } @twice;
is(value("SELECT COUNT(*) FROM receipts WHERE phase <> 'ended'"), '0', 'every try has its end');
is(value("SELECT COUNT(*) FROM events WHERE act = 'report.send'"), value('SELECT COUNT(*) FROM reports WHERE sent_ms IS NOT NULL'), 'every report that left is in the audit trail');
my $mails = $delivered->();
is($mails->{doubles}, 0, 'no desk got a letter twice') or diag $json->encode($mails);
my $curve = call('GET', '/stats/survival');
is($curve->{status}, 200, 'the statistics have its curve') or diag $curve->{content};
my ($code, $out, $err) = hk('audit', 'verify');
is($code, 0, 'and the audit chain is whole') or diag $out, $err;
stop_it($serve);
done_testing();
