#!/usr/bin/perl
# bench/crews.pl: how long from "the evidence is complete" to "all reports are drafted", and from "the undo window is over" to "taken by the other side"; on the
# range, whole house, real browser, real servers on loopback. Beside it what the other side alone needs: the same number of requests and mails handed over one after the other.
#
#   HK_BUILD=build-rel perl -Itests/scenario/lib bench/crews.pl [CASES]     (40)
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../tests/scenario/lib";
use CtFollow;
use House;
use HTTP::Tiny;
use JSON::PP;
use Test::More;
use Time::HiRes qw(time sleep);
use Web;

my $src = "$FindBin::Bin/..";
my $count = shift @ARGV || 40;
my $json = JSON::PP->new->utf8->canonical;
$CtFollow::deadline_s = 600;

# must(name, cond, what is known): without it the rest means nothing.
sub must {
	my ($name, $cond, @known) = @_;
	return if ok(until_ok($name, $cond), $name);
	diag(map { ref $_ ? $_->() : $_ } @known, slurp("$work/serve.err"));
	done_testing();
	exit 1;
}
my $table = sub { my ($sql) = @_; return sub { join '', map { join(' ', @$_) . "\n" } rows($sql) } };

# --- the outside ---
my $rdap = sub { return { headers => { 'Content-Type' => 'application/rdap+json' }, body => { rdapConformance => ['rdap_level_0'], @_ } } };
my $desk = sub {
	my ($mail) = @_;
	return { objectClassName => 'entity', roles => ['abuse'], vcardArray => ['vcard', [['version', {}, 'text', '4.0'], ['fn', {}, 'text', 'Abuse desk'], ['email', {}, 'text', $mail]]] };
};
my %world = (
	tls => ['data.iana.org', 'rdap.mihon-registry.test'],
	dns => { '*' => { A => ['193.0.6.139'], NS => ['ns1.dns.example'] } },
	http => {
		'data.iana.org/rdap/dns.json' => { body => { version => '1.0', services => [[['example', 'test'], ['https://rdap.mihon-registry.test/']]] } },
		'data.iana.org/rdap/ipv4.json' => { body => { version => '1.0', services => [[['193.0.0.0/8'], ['https://rdap.mihon-registry.test/']]] } },
		'data.iana.org/rdap/asn.json' => { body => { version => '1.0', services => [] } },
		'rdap.mihon-registry.test/domain/*' => $rdap->(objectClassName => 'domain', ldhName => '{*}', status => ['active'], nameservers => [{ objectClassName => 'nameserver', ldhName => 'ns1.dns.example' }],
			events => [{ eventAction => 'registration', eventDate => '2026-11-28T01:02:03Z' }],
			entities => [{ objectClassName => 'entity', roles => ['registrar'], vcardArray => ['vcard', [['version', {}, 'text', '4.0'], ['fn', {}, 'text', 'Registrar Example']]], entities => [$desk->('abuse@registrar.example')] }]),
		'rdap.mihon-registry.test/ip/*' => $rdap->(objectClassName => 'ip network', name => 'HOSTING-EXAMPLE', startAddress => '193.0.6.0', endAddress => '193.0.6.255', ipVersion => 'v4', entities => [$desk->('abuse@hosting.example')]),
	},
	whois => { '*' => [{ text => "Domain Name: X\r\n" }] },
);
spew("$work/world.json", $json->encode(\%world));
my $sites = start("$work/sites.out", "$work/sites.err", 0, $CtFollow::range, 'sites', '--others', '--list', "$work/sites.jsonl", '--data', "$work/world.json", '--dir', "$work/sites");
my $registry = start("$work/registry.out", "$work/registry.err", 0, $CtFollow::range, 'registry', '--dir', "$work/registry", '--data', "$work/world.json");
my $vendors = start("$work/vendors.out", "$work/vendors.err", 0, $CtFollow::range, 'vendors', '--dir', "$work/channels");
for my $name (qw(sites registry vendors)) {
	ok(until_ok($name, sub { slurp("$work/$name.out") =~ /\n/ }), "$name: there") or diag slurp("$work/$name.err");
}
my %out = map { $_ => decode_json((split /\n/, slurp("$work/$_.out"))[0]) } qw(sites registry vendors);
my $mailhouse = start("$work/mail.out", "$work/mail.err", 0, $CtFollow::range, 'mailhouse', '--dir', "$work/mailhouse", '--login', 'csirt@mihon-bank.example:range-password', '--pace', '500', '--sites', "http://127.0.0.1:$out{sites}{port}");
ok(until_ok('mail', sub { slurp("$work/mail.out") =~ /\n/ }), 'the mail house: there') or diag slurp("$work/mail.err");
$out{mail} = decode_json((split /\n/, slurp("$work/mail.out"))[0]);
my $egress = spew("$work/egress.conf", <<"END");
range = 127.0.0.1
range-ports = {"80=$out{sites}{port}", "443=$out{sites}{tls_port}", "43=$out{registry}{whois}"}
resolvers = {"127.0.0.1:$out{registry}{dns}"}
address-rate = 2000
address-burst = 2000
END
# In this world somebody lives below .example.
spew("$work/operators.conf", join '', grep { !/^never *@(?:test|example) / } map { "$_\n" } split /\n/, slurp("$src/conf/operators.conf"));
spew("$work/password", "range-password\n");
chmod 0600, "$work/password";
spew("$work/replies.conf", <<"END");
imap = "imaps://127.0.0.1:$out{mail}{imaps}"
ca-file = "$out{mail}{ca}"
user = "csirt\@mihon-bank.example"
password-file = "$work/password"
after = "seen"
poll = 1s
END

# --- the house ---
my $dir = new_house('crews', evidence => 1, listen => '127.0.0.1:0', egress => $egress, targets => "$src/conf/targets/example.conf", operators => "$work/operators.conf",
	'ca-file' => "$work/sites/ca.pem", 'rdap-state' => "$work/rdap", 'rdap-copies' => "$src/conf/rdap", 'capture-time' => '10s',
	'report-org' => 'Mihon Bank CSIRT', 'report-contact' => 'csirt@mihon-bank.example', 'report-person' => 'Akari', channels => "$work/channels",
	smtp => "smtp://127.0.0.1:$out{mail}{smtp}", 'smtp-user' => 'csirt@mihon-bank.example', 'smtp-ca' => $out{mail}{ca}, 'smtp-password-file' => "$work/password", 'smtp-copy' => 'csirt@mihon-bank.example', 'reply-mail' => "$work/replies.conf");
hk(\"correct horse battery 9", 'user', 'add', '--roles', 'analyst,system_admin', 'akari');
hk(\"correct horse battery 8", 'user', 'add', '--roles', 'approver', 'ren');
my $serve = spawn_role('serve', 'serve', '--workers', '2');
ok(until_ok('board', sub { slurp("$work/serve.out") =~ /"url"/ }), 'the house stands') or diag slurp("$work/serve.err");
my ($url) = slurp("$work/serve.out") =~ /"url":"([^"]+)"/;
my $people = sub {
	my ($who, $password) = @_;
	my $answer = login($url, $who, $password);
	is($answer->{status}, 200, "$who is at the board") or diag $answer->{content};
};
$people->('akari', 'correct horse battery 9');
is(call('PUT', '/settings/takedown', { undo_s => 2, policies => [] })->{status}, 200, 'the undo window is short in this test');


# --- so many cases at once, confirmed before their evidence is there ---
my @hosts = map { "www$_.mihon-login.example" } 1 .. $count;
my $list = join "\n", map { "http://$_/" } @hosts;
my ($code, undef, $err) = hk(\$list, 'case', 'add', '-');
is($code, 0, "$count cases") or diag $err;
until_ok('cases', sub { value('SELECT COUNT(*) FROM cases') >= $count });
$people->('akari', 'correct horse battery 9');
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
	return $json->encode({ bench => 'crews', what => $what, p50_ms => $p50, p95_ms => $p95, n => scalar @ms });
}
my @figures = of('evidence and contacts complete to all drafted', q(SELECT MAX(r.drafted_ms) - MAX(MAX(c.evidence_ms, (SELECT MAX(f.last_ms) FROM facts f WHERE f.case_id = c.id))) FROM reports r JOIN cases c ON c.id = r.case_id GROUP BY c.id));
$people->('ren', 'correct horse battery 8');
my $begun = time();
my @asked = map { { id => 0 + $_->[0], digest => $_->[1] } } rows(q(SELECT id, lower(hex(digest)) FROM reports WHERE state = 'drafted'));
while (my @some = splice @asked, 0, 100) {
	my $answer = call('POST', '/reports/approve', { reports => \@some, agree => ['first'] });
	diag($answer->{content}) if $answer->{status} != 200;
}
printf "%-50s %6.2f s\n", 'approving them', time() - $begun;
ok(until_ok('sent', sub { value(q(SELECT COUNT(*) FROM reports WHERE state IN ('approved', 'queued') AND request NOT LIKE '%"way":"assisted"%')) == 0 }), 'all are sent');
push @figures, of('undo window over to taken: mail', q(SELECT sent_ms - send_ms FROM reports WHERE channel = 'mail' AND sent_ms IS NOT NULL));
push @figures, of('undo window over to taken: channels', q(SELECT sent_ms - send_ms FROM reports WHERE channel <> 'mail' AND sent_ms IS NOT NULL));
for my $row (rows(q(SELECT channel, COUNT(*), MAX(sent_ms) - MIN(sent_ms) FROM reports WHERE sent_ms IS NOT NULL GROUP BY channel))) {
	printf "  %-14s %5d sent over %7.1f s\n", $row->[0], $row->[1], $row->[2] / 1000;
}
# The floor: the vendors' side alone, one request after the other.
my ($base) = slurp("$work/channels/netcraft.conf") =~ /url = "([^"]+)"/;
my $http = HTTP::Tiny->new;
my $from = time();
$http->post("$base/report/urls", { headers => { 'Content-Type' => 'application/json' }, content => $json->encode({ email => 'a@b.example', urls => [{ url => "http://floor$_.example/" }] }) }) for 1 .. 200;
printf "%-50s %6.2f ms each\n", 'floor: a bare request to a vendor of the range', (time() - $from) * 5;
if ($ENV{HK_BENCH_OUT}) {
	open my $out, '>>', $ENV{HK_BENCH_OUT} or die;
	print {$out} "$_\n" for @figures;
	close $out;
}
stop_it($serve);
done_testing();
