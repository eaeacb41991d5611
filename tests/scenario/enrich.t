#!/usr/bin/perl
# databases: both
# Enrichment against the registry of the range: right facts and contacts from DNS, certificates, RDAP and WHOIS of every temper; a changed address is an
# event and history is kept; who is dead or asks for patience holds nobody else up; nothing is asked outside of loopback.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use House;
use JSON::PP;
use Test::More;
use utf8;

binmode Test::More->builder->$_, ':utf8' for qw(output failure_output);
my $src = "$FindBin::Bin/../..";
my $json = JSON::PP->new->utf8->canonical;

# --- what the world is like ---
my $rdap = sub { return { status => 200, headers => { 'Content-Type' => 'application/rdap+json' }, body => { rdapConformance => ['rdap_level_0'], @_ } } };
my $entity = sub {
	my ($role, $name, $mail, @inside) = @_;
	return { objectClassName => 'entity', roles => [$role], vcardArray => ['vcard', [['version', {}, 'text', '4.0'], ['fn', {}, 'text', $name], $mail ? ['email', {}, 'text', $mail] : ()]], @inside ? (entities => \@inside) : () };
};
my $domain = sub {
	my ($name, $status, @more) = @_;
	return $rdap->(objectClassName => 'domain', ldhName => $name, status => $status,
		events => [{ eventAction => 'registration', eventDate => '2026-11-01T00:00:00Z' }, { eventAction => 'expiration', eventDate => '2027-11-01T00:00:00Z' }],
		nameservers => [{ objectClassName => 'nameserver', ldhName => 'ns1.dns-house.test' }], @more);
};
my $registrar = $entity->('registrar', 'Mihon Registrar Ltd', undef, $entity->('abuse', 'Abuse desk', 'abuse@mihon-registrar.test'));
my %dns = map { $_ => { A => ['203.0.113.9'] } } qw(data.iana.org rdap.registry.test rdap.mihon-registrar.test);
$dns{'www.mihon-login.test'} = { CNAME => ['edge.mihon-cdn.test'] };
$dns{'edge.mihon-cdn.test'} = { A => ['1.1.1.1'], AAAA => ['2001:4860:4860::8888'] };
$dns{'mihon-login.test'} = { NS => ['ns1.dns-house.test'], SOA => ['ns1.dns-house.test host.dns-house.test 1 2 3 4 5'], MX => ['10 mx.mihon-login.test'], TXT => ['v=spf1 -all'] };
my $network = $rdap->(objectClassName => 'ip network', name => 'MIHON-NET', handle => 'NET-1', startAddress => '1.1.1.0', endAddress => '1.1.1.255', ipVersion => 'v4',
	entities => [$entity->('abuse', 'Network abuse', 'abuse@mihon-hosting.test'), $entity->('technical', 'NOC', 'noc@mihon-hosting.test')]);
my %http = (
	'data.iana.org/rdap/dns.json' => { status => 200, headers => { ETag => '"one"' }, body => { version => '1.0', services => [[['test'], ['https://rdap.registry.test/']]] } },
	'data.iana.org/rdap/ipv4.json' => { status => 200, headers => { ETag => '"one"' }, body => { version => '1.0', services => [[['0.0.0.0/0'], ['https://rdap.registry.test/']]] } },
	'data.iana.org/rdap/asn.json' => { status => 200, body => { version => '1.0', services => [[['1-4294967294'], ['https://rdap.registry.test/']]] } },
	'rdap.registry.test/domain/mihon-login.test' => $domain->('mihon-login.test', ['active', 'client transfer prohibited'], entities => [$registrar],
		links => [{ rel => 'related', href => 'https://rdap.mihon-registrar.test/domain/mihon-login.test', type => 'application/rdap+json' }]),
	'rdap.mihon-registrar.test/domain/mihon-login.test' => $domain->('mihon-login.test', ['active'], entities => [$entity->('registrar', 'Mihon Registrar Ltd', undef, $entity->('abuse', 'Abuse', 'abuse@mihon-registrar.test'), $entity->('abuse', 'Second desk', 'phish@mihon-registrar.test'))]),
	'rdap.registry.test/ip/1.1.1.1' => $network,
	'rdap.registry.test/autnum/13335' => $rdap->(objectClassName => 'autnum', startAutnum => 13335, endAutnum => 13335, name => 'MIHON-AS', entities => [$entity->('abuse', 'AS abuse', 'abuse@mihon-as.test')]),
	'rdap.registry.test/domain/mihon-held.test' => $domain->('mihon-held.test', ['client hold'], entities => [$registrar]),
	'rdap.registry.test/domain/mihon-busy.test' => { status => 429, headers => { 'Retry-After' => '600' }, body => '' },
	'rdap.registry.test/domain/mihon-cut.test' => { status => 200, body => '{"objectClassName":"domain","ldhName":"mihon-c' },
	'www.mihon-login.test/.well-known/security.txt' => { status => 200, body => "# no abuse desk\nContact: mailto:desk\@mihon-login.test\nContact: javascript:alert(1)\nExpires: 2027-01-01T00:00:00Z\n" },
);
$dns{$_} = { A => ['1.1.1.1'], TXT => ['x'] } for qw(mihon-held.test mihon-busy.test mihon-cut.test mihon.example evil-mihon.jp mihon.is);
$dns{'mihon-broken.test'} = { rcode => 'SERVFAIL' };
$dns{'mihon-dead.test'} = { rcode => 'DROP' };
$dns{'mihon-private.test'} = { A => ['10.1.2.3'] };
my $referral = "refer:        whois.nic.example\r\n\r\ndomain:       EXAMPLE\r\n";
my %whois = (
	'mihon.example' => [{ text => $referral },
		{ text => "Domain Name: MIHON.EXAMPLE\r\nRegistrar WHOIS Server: whois.registrar.example\r\nRegistrar: Registrar of Example\r\nDomain Status: serverHold\r\nName Server: NS1.DNS-HOUSE.TEST\r\n" },
		{ text => "Domain Name: mihon.example\r\nRegistrar WHOIS Server: whois.nic.example\r\nRegistrar: Registrar of Example\r\nRegistrar Abuse Contact Email: abuse\@registrar.example\r\n" }],
	'evil-mihon.jp/e' => [{ charset => 'ISO-2022-JP', text => "[ JPRS database provides information on network administration. ]\r\n\r\nDomain Information: [ドメイン情報]\r\n[Domain Name]                   EVIL-MIHON.JP\r\n\r\n[登録者名]                      見本太郎\r\n\r\n[Name Server]                   ns1.dns-house.test\r\n\r\n[Created on]                    2026/11/01\r\n[Expires on]                    2027/11/30\r\n[Status]                        Active\r\n[Last Updated]                  2026/11/02 03:04:05 (JST)\r\n\r\nContact Information: [公開連絡窓口]\r\n[Name]                          見本レジストラ\r\n[Email]                         contact\@jp-registrar.test\r\n" }],
	'mihon.is' => [{ text => "% This is the ISNIC Whois server.\r\n\r\ndomain:       mihon.is\r\nregistrant:   HIDDEN\r\nstatus:       on hold\r\nnserver:      ns1.dns-house.test\r\ncreated:      November  1 2026\r\nexpires:      November  1 2027\r\n" }],
	'mihon-busy.test' => [{ text => "WHOIS LIMIT EXCEEDED - SEE WWW.PIR.ORG/WHOIS FOR DETAILS\r\n" }],
	'mihon-cut.test' => [{ text => 'x' x 200_000 }],
	'mihon-broken.test' => [{ silent => JSON::PP::true }],
	'mihon-dead.test' => [{ text => "No match for domain\r\n" }],
);
sub world { return spew("$work/world.json", $json->encode({ tls => [qw(data.iana.org rdap.registry.test rdap.mihon-registrar.test www.mihon-login.test)], dns => \%dns, http => \%http, whois => \%whois })) }

my $data = world();
CtFollow::start("$work/registry.out", "$work/registry.err", 0, "$ENV{HK_BUILD}/range/hikeshi-range", 'registry', '--dir', "$work/registry", '--data', $data, '--request-log', "$work/asked.jsonl");
until_ok('the registry', sub { -s "$work/registry.out" }) or BAIL_OUT(slurp("$work/registry.err"));
my $ready = $json->decode(slurp("$work/registry.out"));
my $egress = spew("$work/egress.conf", <<"CONF");
range = "127.0.0.1"
range-ports = {"80=$ready->{http}", "443=$ready->{https}", "43=$ready->{whois}"}
resolvers = {"127.0.0.1:$ready->{dns}"}
dns-timeout = 3s
stop-file = "$work/stop"
CONF
# Ours, but for the rows that say never to write to .test and .example.
my $operators = spew("$work/operators.conf", join '', grep { !/^never\s+\@(?:test|example)\s/ } split /^/, slurp("$src/conf/operators.conf"));
my $dir = new_house('enrich', evidence => 1, egress => $egress, 'ca-file' => $ready->{ca}, operators => $operators, targets => "$src/conf/targets/example.conf", 'rdap-state' => "$work/rdap", "enrich-time" => "10s");

sub asked { my ($protocol, $what) = @_; return scalar grep { $_->{protocol} eq $protocol && $_->{question} =~ $what } map { $json->decode($_) } split /\n/, slurp("$work/asked.jsonl") }
# enrich(host): what the command says as JSON, its exit code, its messages.
sub enrich { my ($code, $out, $err) = hk('enrich', '--json', @_); return ($out ? $json->decode($out) : { facts => [], contacts => [] }, $code, $err) }
sub fact { my ($found, $kind) = @_; return join ' | ', sort map { $_->{value} } grep { $_->{kind} eq $kind } @{ $found->{facts} } }
sub source { my ($found, $kind) = @_; return (map { $_->{source} } grep { $_->{kind} eq $kind } @{ $found->{facts} })[0] }
sub contact { my ($found, $kind) = @_; return join ' ', sort map { $_->{address} } grep { $_->{kind} eq $kind } @{ $found->{contacts} } }

# --- one site, everything answered ---
my ($found, $code, $err) = enrich('www.mihon-login.test');
is($code, 0, 'a site is looked at') or diag $err;
is($found->{domain}, 'mihon-login.test', 'its domain');
is(fact($found, 'dns.a'), '1.1.1.1', 'A');
is(fact($found, 'dns.aaaa'), '2001:4860:4860::8888', 'AAAA');
is(fact($found, 'dns.cname'), 'edge.mihon-cdn.test', 'CNAME');
is(fact($found, 'dns.ns'), 'ns1.dns-house.test', 'NS');
is(fact($found, 'dns.mx'), '10 mx.mihon-login.test', 'MX');
is(fact($found, 'dns.soa'), 'ns1.dns-house.test host.dns-house.test 1 2 3 4 5', 'SOA');
is(fact($found, 'dns.txt'), 'v=spf1 -all', 'TXT');
is(fact($found, 'dns.status'), 'ok', 'the state of the name');
is(fact($found, 'tls.trust'), 'ok', 'the certificate is good');
like(fact($found, 'tls.certificate'), qr/^[0-9a-f]{64}$/, 'its hash');
like(fact($found, 'tls.names'), qr/www\.mihon-login\.test/, 'its names');
like(fact($found, 'tls.issuer'), qr/authority for loopback/, 'its issuer');
is(fact($found, 'security.txt'), 'mailto:desk@mihon-login.test', 'security.txt: the mailbox, not the script');
like(fact($found, 'ip.as'), qr/AS13335.*AS15169/, 'AS of both addresses');
like(fact($found, 'ip.network'), qr/^MIHON-NET, 1\.1\.1\.0 - 1\.1\.1\.255/, 'the network');
is(fact($found, 'reg.registrar'), 'Mihon Registrar Ltd', 'registrar');
is(fact($found, 'reg.found'), 'found', 'registered');
is(fact($found, 'reg.created'), '2026-11-01T00:00:00.000Z', 'since');
like(fact($found, 'reg.status'), qr/clientTransferProhibited/, 'status');
is(fact($found, 'reg.held'), '', 'not held');
is(source($found, 'reg.registrar'), 'rdap:https://rdap.registry.test/domain/mihon-login.test', 'with its source');
is(contact($found, 'registrar'), 'abuse@mihon-registrar.test phish@mihon-registrar.test', "registrar: the registry's and the registrar's own desks");
like(contact($found, 'hosting'), qr/abuse\@mihon-hosting\.test/, 'hosting');
like(contact($found, 'as'), qr/abuse\@mihon-as\.test/, 'AS');
unlike(join(' ', map { $_->{address} } @{ $found->{contacts} }), qr/mihon-login\.test/, "no mailbox at the site's own domain");
is(asked('http', qr{^data\.iana\.org/rdap/dns}), 1, "IANA's file is fetched");
ok(-s "$work/rdap/dns.json", 'and kept');

# --- registries of every temper ---
($found) = enrich('mihon-held.test');
is(fact($found, 'reg.held'), 'on_hold', 'a held domain');
is(asked('http', qr{^data\.iana\.org/rdap/dns}), 1, "IANA's file is not fetched again");
utime(0, 0, "$work/rdap/dns.json");
($found, $code, $err) = enrich('mihon-busy.test');
my @match = grep { $_->{detail} eq '"one"' } map { $json->decode($_) } split /\n/, slurp("$work/asked.jsonl");
is(scalar @match, 1, 'a day later it is, if it has changed');
is(fact($found, 'reg.found'), '', 'throttled by RDAP and WHOIS: no verdict');
like($err, qr/registration of mihon-busy\.test: throttled/, 'recognised as such');
is(fact($found, 'dns.a'), '1.1.1.1', 'the rest is there');
($found, $code, $err) = enrich('mihon-cut.test');
like($err, qr/mihon-cut\.test: /, 'JSON cut short, then a flood: told');
is(fact($found, 'reg.found'), '', 'and no verdict');
($found, $code, $err) = enrich('mihon.example');
is(fact($found, 'reg.held'), 'on_hold', 'WHOIS by referrals: held') or diag $err;
is(source($found, 'reg.held'), 'whois:whois.nic.example', 'by the registry');
is(contact($found, 'registrar'), 'abuse@registrar.example', "the registrar's desk");
is(asked('whois', qr/^mihon\.example$/), 3, 'a loop of referrals ends');
($found, $code, $err) = enrich('evil-mihon.jp');
is(fact($found, 'reg.created'), '2026-10-31T15:00:00.000Z', 'JPRS in ISO-2022-JP, its days in Japan') or diag $err;
like(join(' ', map { "$_->{name} $_->{address}" } @{ $found->{contacts} }), qr/見本レジストラ contact\@jp-registrar\.test/, 'its public contact, in Japanese');
($found) = enrich('mihon.is');
is(fact($found, 'reg.held'), 'on_hold', 'ISNIC: on hold');

# --- the DNS ---
($found, $code, $err) = enrich('mihon-nobody.test');
is(fact($found, 'dns.status'), 'nxdomain', 'no such name');
is(fact($found, 'reg.held'), 'gone', 'nor such a registration');
($found, $code, $err) = enrich('mihon-broken.test');
is(fact($found, 'dns.status'), 'servfail', 'a broken zone');
($found, $code, $err) = enrich('mihon-dead.test');
is(fact($found, 'dns.status'), 'timeout', 'nobody answers');
is(fact($found, 'reg.found'), 'not_found', 'the registry is asked all the same');
($found, $code, $err) = enrich('mihon-private.test');
is(fact($found, 'dns.a'), '10.1.2.3', 'a private address is a fact');
is(fact($found, 'ip.network'), 'private (RFC 1918)', 'and told as such');
is(asked('http', qr{/ip/10\.}), 0, 'nobody is asked about it');
($found, $code, $err) = enrich('localhost');
isnt($code, 0, 'localhost is refused');
($code, my $out, $err) = hk('enrich', 'two words');
is($code, 65, 'what is no site is refused');
like($err, qr/neither a host name/, 'with the reason');
($code, $out, $err) = hk('enrich', 'www.mihon-login.test');
like($out, qr/^dns\.a\s+www\.mihon-login\.test\s+1\.1\.1\.1\s+dns$/m, 'a table for people');
like($out, qr/95 %\s+registrar\s+abuse\@mihon-registrar\.test/, 'and whom one could tell');
spew("$work/stop", '');
($code, $out, $err) = hk('enrich', 'www.mihon-login.test');
is($code, 69, 'the kill switch') or diag $err;
unlink "$work/stop";

# --- the stage ---
my ($database) = slurp($config) =~ /^database = "([^"]+)"/m;
sub stage {
	my $file = "$work/stage.out";
	my $pid = fork() // die "fork: $!";
	if (!$pid) {
		open STDOUT, '>', $file;
		open STDERR, '>', "$work/stage.err";
		exec "$ENV{HK_BUILD}/tests/enrich_stage", $database, "$dir/audit.key", $egress, $ready->{ca}, $operators, "$work/rdap", "$dir/blobs", "10000" or POSIX::_exit(127);
	}
	waitpid $pid, 0;
	return slurp($file);
}
sub audit { my ($act) = @_; return value("SELECT COUNT(*) FROM events WHERE act = '$act'") }
($code, $out, $err) = hk('case', 'add', 'https://www.mihon-login.test/login');
is($code, 0, 'a case') or diag $err;
my $policy = value("SELECT COUNT(*) FROM jobs WHERE stage = 'enrich' AND state = 'ready'");
is($policy, 1, 'has a job of stage enrich');
is(stage(), "1 done\n", 'which is done') or diag slurp("$work/stage.err");
is(value("SELECT value FROM facts WHERE case_id = 1 AND kind = 'dns.a'"), '1.1.1.1', 'a fact');
is(value("SELECT source FROM facts WHERE case_id = 1 AND kind = 'reg.registrar'"), 'rdap:https://rdap.registry.test/domain/mihon-login.test', 'with its source');
my $raw = lc value($database =~ /^postgres/ ? "SELECT encode(raw, 'hex') FROM facts WHERE case_id = 1 AND kind = 'reg.registrar'" : "SELECT hex(raw) FROM facts WHERE case_id = 1 AND kind = 'reg.registrar'");
my $blob = "$dir/blobs/" . substr($raw, 0, 2) . "/$raw";
like(slurp($blob), qr/"ldhName": ?"mihon-login\.test"/, 'and the answer itself in the blob store');
is(value("SELECT COUNT(*) FROM case_contacts WHERE case_id = 1 AND kind = 'registrar' AND address = 'abuse\@mihon-registrar.test' AND confidence > 0.9"), 1, 'and a contact');
is(audit('case.fact_changed'), 0, 'nothing has changed yet');
my $facts = value('SELECT COUNT(*) FROM facts');
my $seen = value("SELECT MIN(last_ms) FROM facts");

# The same again: no fact, no event.
sub ask { my ($id) = @_; my $before = audit('case.fact'); rows("UPDATE jobs SET state = 'ready', due_ms = 0 WHERE stage = 'enrich' AND key = '$id'"); my $got = stage(); return ($got, audit('case.fact') - $before) }
my ($did, $fresh) = ask(1);
is($did, "1 done\n", 'asked again') or diag slurp("$work/stage.err");
is($fresh, 0, 'the same answers are no events');
is(value('SELECT COUNT(*) FROM facts'), $facts, 'and no further facts');
cmp_ok(value("SELECT MIN(last_ms) FROM facts WHERE kind = 'dns.a'"), '>', $seen, 'only seen again');

# Registry and network are too busy to answer: whom one could tell is known all the same.
my @known = rows('SELECT kind, address, confidence FROM case_contacts WHERE case_id = 1 ORDER BY kind, address');
my @busy = ('rdap.registry.test/domain/mihon-login.test', 'rdap.registry.test/ip/1.1.1.1');
my @then = @http{@busy};
@http{@busy} = ($http{'rdap.registry.test/domain/mihon-busy.test'}) x 2;
$whois{$_} = $whois{'mihon-busy.test'} for qw(mihon-login.test 1.1.1.1);
world();
($did) = ask(1);
is($did, "1 done\n", 'nobody has time') or diag slurp("$work/stage.err");
is_deeply([map { "@$_[0, 1]" } grep { $_->[0] =~ /^(?:registrar|hosting)$/ } rows('SELECT kind, address, confidence FROM case_contacts WHERE case_id = 1 ORDER BY kind, address')],
	[map { "@$_[0, 1]" } grep { $_->[0] =~ /^(?:registrar|hosting)$/ } @known], 'their abuse desks stay');
@http{@busy} = @then;
delete @whois{qw(mihon-login.test 1.1.1.1)};

# Another address, and the domain is held.
$dns{'edge.mihon-cdn.test'} = { A => ['1.0.0.1'], AAAA => ['2001:4860:4860::8888'] };
$http{'rdap.registry.test/domain/mihon-login.test'}{body}{status} = ['client hold'];
world();
($did) = ask(1);
is($did, "1 done\n", 'the site has moved') or diag slurp("$work/stage.err");
is(join(' ', map { $_->[0] } rows("SELECT value FROM facts WHERE case_id = 1 AND kind = 'dns.a' AND gone_ms IS NULL")), '1.0.0.1', 'the new address');
is(join(' ', map { $_->[0] } rows("SELECT value FROM facts WHERE case_id = 1 AND kind = 'dns.a' AND gone_ms IS NOT NULL")), '1.1.1.1', 'the old one is history');
is(value("SELECT value FROM facts WHERE case_id = 1 AND kind = 'reg.held' AND gone_ms IS NULL"), 'on_hold', 'held');
cmp_ok(value("SELECT COUNT(*) FROM events WHERE act = 'case.fact_changed' AND data LIKE '%dns.a%1.1.1.1%'"), '==', 1, 'the change is an event');

# The resolver is dead: what was known stays, and the registry is asked all the same.
$dns{$_} = { rcode => 'DROP' } for qw(www.mihon-login.test mihon-login.test);
$http{'rdap.registry.test/domain/mihon-login.test'}{body}{status} = ['active'];
world();
($did) = ask(1);
is(value("SELECT value FROM facts WHERE case_id = 1 AND kind = 'dns.a' AND gone_ms IS NULL"), '1.0.0.1', 'a resolver that is silent takes no address away');
is(value("SELECT value FROM facts WHERE case_id = 1 AND kind = 'dns.status' AND gone_ms IS NULL"), 'timeout', 'that it is silent is a fact');
is(value("SELECT COUNT(*) FROM facts WHERE case_id = 1 AND kind = 'reg.held' AND gone_ms IS NULL"), 0, 'no longer held');

# Who asks for patience gets it.
($code, $out, $err) = hk('case', 'add', 'https://mihon-busy.test/');
is(stage(), "2 done\n", 'a busy registry');
is(value("SELECT state FROM jobs WHERE stage = 'enrich' AND key = '2'"), 'ready', 'the job comes again');
cmp_ok(value("SELECT due_ms FROM jobs WHERE stage = 'enrich' AND key = '2'") - value("SELECT last_ms FROM facts WHERE case_id = 2 AND kind = 'dns.a'"), '>=', 590_000, 'when the server has said');
is(value("SELECT value FROM facts WHERE case_id = 2 AND kind = 'dns.a'"), '1.1.1.1', 'what the others said is kept already');

# The imitated brand is not written to, whatever a registry says.
$http{'rdap.registry.test/domain/mihon-held.test'}{body}{entities} = [$entity->('registrar', 'R', undef, $entity->('abuse', 'A', 'abuse@mihon-registrar.test'), $entity->('abuse', 'B', 'csirt@mihon-bank.example'))];
world();
($code, $out, $err) = hk('case', 'add', '--target', 'mihon-bank', 'https://mihon-held.test/');
is($code, 0, 'a case against the brand') or diag $err;
is(stage(), "3 done\n", 'is looked at');
is(join(' ', map { $_->[0] } rows("SELECT address FROM case_contacts WHERE case_id = 3 AND kind = 'registrar'")), 'abuse@mihon-registrar.test', "the brand's own mailbox is nobody to tell");
# A case that is gone is no failure.
my $n = asked('http', qr/./);
rows("UPDATE cases SET deleted_ms = 1 WHERE id = 1");
is((ask(1))[0], "1 done\n", 'a deleted case is done');
is(asked('http', qr/./), $n, 'without a question');
($code, $out, $err) = hk('db', 'check');
is($code, 0, 'the database is sound') or diag $out;
($code, $out, $err) = hk('audit', 'verify');
is($code, 0, 'and so is the audit trail') or diag $out, $err;
done_testing();
