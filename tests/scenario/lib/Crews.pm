# The world of the crews on the range (sites, registry, vendors, mail house), and a house in it with two people: tests/scenario/takedown.t, bench/crews.pl.
package Crews;
use strict;
use warnings;
use CtFollow;
use Exporter qw(import);
use FindBin;
use House;
use JSON::PP;
use Test::More;

our @EXPORT = qw(must table crews people %out $serve $pack);

our (%out, $serve, $pack);
my $json = JSON::PP->new->utf8->canonical;
my $url;

# must(name, cond, what is known): without it the rest means nothing.
sub must {
	my ($name, $cond, @known) = @_;
	return if ok(until_ok($name, $cond), $name);
	diag(map { ref $_ ? $_->() : $_ } @known, slurp("$work/serve.err"));
	done_testing();
	exit 1;
}
# table(sql): for must(): the rows of it, when they are asked for.
sub table {
	my ($sql) = @_;
	return sub { join '', map { join(' ', @$_) . "\n" } rows($sql) };
}

# crews(workers, option...): everything starts, options are of `serve`; the undo window is two seconds, and akari is at the board. $pack is a copy of the example.
sub crews {
	my ($workers, @options) = @_;
	my $src = "$FindBin::Bin/" . ($FindBin::Bin =~ m{/bench$} ? '..' : '../..');
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
%out = map { $_ => decode_json((split /\n/, slurp("$work/$_.out"))[0]) } qw(sites registry vendors);
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
$pack = spew("$work/targets.conf", slurp("$src/conf/targets/example.conf"));
my $dir = new_house('crews', evidence => 1, listen => '127.0.0.1:0', egress => $egress, targets => $pack, operators => "$work/operators.conf",
	'ca-file' => "$work/sites/ca.pem", 'rdap-state' => "$work/rdap", 'rdap-copies' => "$src/conf/rdap", 'capture-time' => '10s',
	'report-org' => 'Mihon Bank CSIRT', 'report-contact' => 'csirt@mihon-bank.example', 'report-person' => 'Akari', channels => "$work/channels",
	smtp => "smtp://127.0.0.1:$out{mail}{smtp}", 'smtp-user' => 'csirt@mihon-bank.example', 'smtp-ca' => $out{mail}{ca}, 'smtp-password-file' => "$work/password", 'smtp-copy' => 'csirt@mihon-bank.example', 'reply-mail' => "$work/replies.conf");
hk(\"correct horse battery 9", 'user', 'add', '--roles', 'analyst,system_admin', 'akari');
hk(\"correct horse battery 8", 'user', 'add', '--roles', 'approver', 'ren');
$serve = spawn_role('serve', 'serve', '--workers', $workers, @options);
ok(until_ok('board', sub { slurp("$work/serve.out") =~ /"url"/ }), 'the house stands') or diag slurp("$work/serve.err");
($url) = slurp("$work/serve.out") =~ /"url":"([^"]+)"/;
people('akari', 'correct horse battery 9');
is(call('PUT', '/settings/takedown', { undo_s => 2, policies => [] })->{status}, 200, 'the undo window is short in this test');
	return;
}

# people(login, password): from now on this person calls.
sub people {
	my ($who, $password) = @_;
	my $answer = login($url, $who, $password);
	is($answer->{status}, 200, "$who is at the board") or diag $answer->{content};
	return $answer;
}

1;
