#!/usr/bin/perl
# bench/crews.pl: how long from "the evidence is complete" to "all reports are drafted", and from "the undo window is over" to "taken by the other side"; on the
# range, whole house, real browser, real servers on loopback. Beside it what the other side alone needs: the same number of requests and mails handed over one after the other.
#
#   HK_BUILD=build-rel perl -Itests/scenario/lib bench/crews.pl [CASES [SENDERS [SECONDS]]]     (20 cases, 2 processes that send, a case approved every 5 s)
#
# SECONDS 0: one person approves all of them with one act: then channels with a pace of their own (Spamhaus: 15 a minute) take as long as that says, and the figure is
# of the others. More than 23 cases an hour meet the volume breaker (300 reports), which then waits for a person, as it should.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../tests/scenario/lib";
use CtFollow;
use Crews;
use House;
use HTTP::Tiny;
use JSON::PP;
use Test::More;
use Time::HiRes qw(time sleep);
use Web;

my $count = shift @ARGV || 20;
my $senders = shift @ARGV || 2;
my $between = shift @ARGV // 5;
my $json = JSON::PP->new->utf8->canonical;
$CtFollow::deadline_s = 600;

crews(2, '--send-workers', $senders);

# --- so many cases at once, confirmed before their evidence is there ---
my @hosts = map { "www$_.mihon-login.example" } 1 .. $count;
my $list = join "\n", map { "http://$_/" } @hosts;
my ($code, undef, $err) = hk(\$list, 'case', 'add', '-');
is($code, 0, "$count cases") or diag $err;
until_ok('cases', sub { value('SELECT COUNT(*) FROM cases') >= $count });
people('akari', 'correct horse battery 9');
for my $case (rows('SELECT id, version FROM cases')) {
	my $version = value("SELECT version FROM cases WHERE id = $case->[0]");
	call('POST', "/cases/$case->[0]/acts", { act => 'confirm' }, { 'If-Match' => "\"$version\"" });
}
ok(until_ok('drafts', sub { value(q(SELECT COUNT(DISTINCT case_id) FROM reports)) >= $count && !value(q(SELECT COUNT(*) FROM jobs WHERE stage IN ('draft', 'enrich', 'capture') AND state IN ('ready', 'leased') AND key NOT LIKE 'chase%')) }), 'all are drafted');

sub of {
	my ($what, $sql) = @_;
	my @ms = sort { $a <=> $b } map { $_->[0] } rows($sql);
	my ($p50, $p95) = @ms ? ($ms[$#ms * 0.5], $ms[$#ms * 0.95]) : (0, 0);
	printf "%-50s p50 %6.2f s   p95 %6.2f s   (%d)\n", $what, $p50 / 1000, $p95 / 1000, scalar @ms;
	# As bench/lib.sh, figure: beside it, one bare request after the other.
	return { group => 'crews', name => "$what, p95 of " . scalar(@ms), value => $p95 / 1000, unit => 's', target => '<= 5', count => scalar @ms };
}
my @figures = of('evidence and contacts complete to all drafted', q(SELECT MAX(r.drafted_ms) - MAX(MAX(c.evidence_ms, (SELECT MAX(f.last_ms) FROM facts f WHERE f.case_id = c.id))) FROM reports r JOIN cases c ON c.id = r.case_id GROUP BY c.id));
people('ren', 'correct horse battery 8');
# approve(where): all drafts of these, as one act each hundred.
sub approve {
	my ($where) = @_;
	my @asked = map { { id => 0 + $_->[0], digest => $_->[1] } } rows("SELECT id, lower(hex(digest)) FROM reports WHERE state = 'drafted' AND $where");
	while (my @some = splice @asked, 0, 100) {
		my $answer = call('POST', '/reports/approve', { reports => \@some, agree => ['first'] });
		diag($answer->{content}) if $answer->{status} != 200;
	}
}
my $begun = time();
if ($between) {
	my $next = $begun;
	for my $case (map { $_->[0] } rows(q(SELECT DISTINCT case_id FROM reports ORDER BY 1))) {
		approve("case_id = $case");
		$next += $between;
		sleep($next - time()) if $next > time();
	}
} else {
	approve('1 = 1');
}
printf "%-50s %6.2f s\n", 'approving them', time() - $begun;
ok(until_ok('sent', sub { value(q(SELECT COUNT(*) FROM reports WHERE state IN ('approved', 'queued') AND request NOT LIKE '%"way":"assisted"%')) == 0 }), 'all are sent');
push @figures, of('undo window over to taken: mail', q(SELECT sent_ms - send_ms FROM reports WHERE channel = 'mail' AND sent_ms IS NOT NULL));
my $paced = $between ? q('') : q('graph', 'phishreport', 'spamhaus', 'urlscan', 'webrisk');
push @figures, of('undo window over to taken: channels', "SELECT sent_ms - send_ms FROM reports WHERE channel <> 'mail' AND channel NOT IN ($paced) AND sent_ms IS NOT NULL");
for my $row (rows(q(SELECT channel, COUNT(*), MAX(sent_ms) - MIN(sent_ms) FROM reports WHERE sent_ms IS NOT NULL GROUP BY channel))) {
	printf "  %-14s %5d sent over %7.1f s\n", $row->[0], $row->[1], $row->[2] / 1000;
}
# The floor: the vendors' side alone, one request after the other.
my ($base) = slurp("$work/channels/netcraft.conf") =~ /url = "([^"]+)"/;
my $http = HTTP::Tiny->new;
my $from = time();
$http->post("$base/report/urls", { headers => { 'Content-Type' => 'application/json' }, content => $json->encode({ email => 'a@b.example', urls => [{ url => "http://floor$_.example/" }] }) }) for 1 .. 200;
my $floor = (time() - $from) * 5;
printf "%-50s %6.2f ms each\n", 'floor: a bare request to a vendor of the range', $floor;
if ($ENV{HK_BENCH_OUT}) {
	open my $out, '>>', $ENV{HK_BENCH_OUT} or die;
	for my $figure (@figures) {
		my $bare = delete($figure->{count}) * $floor / 1000;
		print {$out} $json->encode({ %$figure, $bare > 0 ? (beside => 'as many bare requests', ratio => $figure->{value} / $bare) : () }), "\n";
	}
	close $out;
}
stop_it($serve);
done_testing();
