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
is_deeply([grep { $book->{vendors}{$_}{doubles} > ($_ eq 'urlscan' ? 1 : 0) } sort keys %{ $book->{vendors} }], [], 'no vendor got one twice, but urlscan before and after') or diag $json->encode($book);

# --- urlscan, before and after (S35) ---
my %look = map { $_->[0] => $_->[1] } rows("SELECT step, id FROM reports WHERE case_id = $case AND channel = 'urlscan' AND round = 1");
is(join(' ', sort keys %look), 'after first', 'urlscan looks twice');
cmp_ok(value("SELECT sent_ms FROM reports WHERE id = $look{after}"), '>=', value("SELECT MAX(sent_ms) FROM reports WHERE case_id = $case AND round = 1 AND step = 'first' AND request NOT LIKE '%\"way\":\"assisted\"%'"), 'the second time when the others have left');
must('verdict and picture of both become the case\'s', sub { value("SELECT COUNT(*) FROM facts WHERE case_id = $case AND kind IN ('vendor.state', 'vendor.picture') AND subject IN ('urlscan', 'urlscan (after)') AND gone_ms IS NULL") == 4 },
	table("SELECT id, step, state, polls, remote_state, facts, why FROM reports WHERE channel = 'urlscan'"), table('SELECT kind, subject, value FROM facts WHERE kind LIKE \'vendor%\''));
my $picture = call('GET', "/reports/$look{first}/picture");
is("$picture->{status} $picture->{headers}{'content-type'}", '200 image/png', 'their picture is shown') or diag $picture->{content};
like($picture->{content}, qr/^\x89PNG/, 'it is one');
unlike($picture->{content}, qr/tEXt|range/, 'written anew: what was beside its pixels is gone');
is(call('GET', '/reports/' . value("SELECT id FROM reports WHERE case_id = $case AND channel = 'netcraft'") . '/picture')->{status}, 404, 'who sent none has none');

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

# --- a site that leads its victims on by name: the letters tell where, so somebody has to look (rail 4) ---
people('akari', 'correct horse battery 9');
my $two = call('POST', '/cases', { url => 'http://www2.mihon-login.example/' })->{json}{case}{id};
must('evidence of another one', sub { value("SELECT COUNT(*) FROM cases WHERE id = $two AND evidence_ms IS NOT NULL") });
rows("UPDATE captures SET url = url || '?email=taro%40mail.example' WHERE run_id IN (SELECT id FROM runs WHERE case_id = $two)");
is(call('POST', "/cases/$two/acts", { act => 'confirm' }, { 'If-Match' => '"' . value("SELECT version FROM cases WHERE id = $two") . '"' })->{status}, 200, 'confirmed');
must('its drafts', sub { value("SELECT COUNT(*) FROM reports WHERE case_id = $two AND channel = 'mail'") >= 2 }, table("SELECT channel, recipient FROM reports WHERE case_id = $two"));
my $named = sub { value("SELECT COUNT(*) FROM reports WHERE case_id = $two AND $_[0] AND (stops / 2048) % 2 = 1") };
is($named->("channel = 'mail'"), value("SELECT COUNT(*) FROM reports WHERE case_id = $two AND channel = 'mail'"), 'letters that tell the landing page wait for a word about it');
is($named->("channel = 'netcraft'"), 0, 'what goes to a vendor does not tell it');
people('ren', 'correct horse battery 8');
my ($letter) = rows("SELECT id, " . ($ENV{HK_TEST_PGSQL} ? "encode(digest, 'hex')" : 'lower(hex(digest))') . " FROM reports WHERE case_id = $two AND channel = 'mail' ORDER BY id");
call('POST', '/reports/approve', { reports => [{ id => 0 + $letter->[0], digest => $letter->[1] }], agree => [] });
is(value("SELECT state FROM reports WHERE id = $letter->[0]"), 'drafted', 'without that word it stays');
call('POST', '/reports/approve', { reports => [{ id => 0 + $letter->[0], digest => $letter->[1] }], agree => ['victim'] });
isnt(value("SELECT state FROM reports WHERE id = $letter->[0]"), 'drafted', 'with it, it may leave');

# --- a domain that the pack learns to be the bank's is not reported from the next SIGHUP on ---
people('akari', 'correct horse battery 9');
spew($pack, slurp($pack) =~ s/^(official = .*)$/$1, www3.mihon-login.example/mr);
kill 'HUP', $serve;
my $three = call('POST', '/cases', { url => 'http://www3.mihon-login.example/' })->{json}{case}{id};
must('evidence of a third one', sub { value("SELECT COUNT(*) FROM cases WHERE id = $three AND evidence_ms IS NOT NULL") });
is(call('POST', "/cases/$three/acts", { act => 'confirm' }, { 'If-Match' => '"' . value("SELECT version FROM cases WHERE id = $three") . '"' })->{status}, 200, 'it is confirmed by mistake');
must('its drafts, too', sub { value("SELECT COUNT(*) FROM reports WHERE case_id = $three AND channel = 'mail'") >= 2 }, table("SELECT channel, recipient FROM reports WHERE case_id = $three"));
is(value("SELECT COUNT(*) FROM reports WHERE case_id = $three AND stops % 2 = 0"), 0, 'all of them are held up as one of our own') or diag table("SELECT channel, stops FROM reports WHERE case_id = $three")->();

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
