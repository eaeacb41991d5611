#!/usr/bin/perl
# databases: both
# A confirmed case is watched: live, cloaked, half gone, dark, back, on hold; each change moves the case, its clocks and the audit. What is ours (the kill switch, our own network) is
# no observation. kill -9 on the way loses nothing.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use House;
use HTTP::Tiny;
use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep);

$CtFollow::deadline_s = 120;

# --- the outside ---
my $data = spew("$work/data.json", encode_json({ dns => { '*' => { A => ['203.0.113.5'] } } }));
my $sites = start("$work/sites.out", "$work/sites.err", 0, $CtFollow::range, 'sites', '--others', '--data', $data);
my $registry = start("$work/registry.out", "$work/registry.err", 0, $CtFollow::range, 'registry', '--dir', "$work/registry", '--data', $data);
ok(until_ok('sites', sub { -e "$work/sites.out" && slurp("$work/sites.out") =~ /\n/ && -e "$work/registry.out" && slurp("$work/registry.out") =~ /\n/ }), 'sites and a DNS of the range')
	or diag slurp("$work/sites.err"), slurp("$work/registry.err");
my $ports = decode_json(slurp("$work/sites.out"));
my $dns = decode_json(slurp("$work/registry.out"))->{dns};
my $stop = "$work/stop";
my $egress = spew("$work/egress.conf", <<"END");
range = 127.0.0.1
range-ports = {"80=$ports->{port}", "443=$ports->{tls_port}"}
resolvers = {"127.0.0.1:$dns"}
stop-file = "$stop"
address-rate = 5000
address-burst = 5000
host-rate = 5000
host-burst = 5000
END
my $control = HTTP::Tiny->new(timeout => 30);
sub become {
	my ($host, $state, $path) = @_;
	my $answer = $control->post("http://127.0.0.1:$ports->{port}/-/sites?host=$host&state=$state" . ($path ? "&path=$path" : ''));
	$answer->{success} or die "control: $answer->{content}";
}

# --- by hand, of a site that nobody knows ---
new_house('monitor', egress => $egress, listen => '127.0.0.1:0', 'monitor-time' => '10s', places => "$FindBin::Bin/../../conf/places.conf");
hk(\"correct horse battery 9", 'user', 'add', '--roles', 'analyst,system_admin', 'akari');
my $host = 'www.mihon-bank-login.test';
my ($code, $out, $err) = hk('monitor', "https://$host/");
is($code, 0, 'one check, by hand') or diag $err;
my $check = eval { decode_json($out) } // {};
is($check->{verdict}, 'up', 'it is there') or diag $out;
cmp_ok(scalar @{ $check->{visits} || [] }, '>=', 6, 'every visitor went');
become($host, 'suspended');
($code, $out, $err) = hk('monitor', "https://$host/");
$check = eval { decode_json($out) } // {};
is("$check->{verdict} $check->{saw}", 'dark suspended', 'suspended is dark') or diag $out, $err;
like($check->{why}, qr/suspended/, 'and it says why');
become($host, 'nxdomain');
($code, $out) = hk('monitor', $host);
is(eval { decode_json($out)->{saw} }, 'nameless', 'the DNS was asked') or diag $out;
become($host, 'warned');
($code, $out) = hk('monitor', "https://$host/");
is(eval { decode_json($out)->{verdict} }, 'warned', 'a warning is neither up nor dark') or diag $out;
become($host, 'live');
($code, $out, $err) = hk('monitor', '4711');
is($code, 66, 'a case that is not watched') or diag $err;

# --- the house ---
my $serve = spawn_role('serve', 'serve', '--workers', '1');
ok(until_ok('web', sub { -e "$work/serve.out" && slurp("$work/serve.out") =~ /"url":"/ }), 'the house is up') or diag slurp("$work/serve.err");
my ($url) = slurp("$work/serve.out") =~ /"url":"([^"]+)"/;
login($url, 'akari', 'correct horse battery 9');
my %case;
sub open_case {
	my ($name, @urls) = @_;
	my $answer = call('POST', '/cases', { url => shift @urls, name => $name });
	my $id = $answer->{json}{case}{id} // $answer->{json}{id};
	ok($id, "a case: $name") or diag $answer->{content};
	call('POST', "/cases/$id/urls", { url => $_ }) for @urls;
	my $version = call('GET', "/cases/$id")->{json}{version};
	$answer = call('POST', "/cases/$id/acts", { act => 'confirm' }, { 'If-Match' => "\"$version\"" });
	is($answer->{status}, 200, 'confirmed') or diag $answer->{content};
	$case{$name} = $id;
	return $id;
}
my $state = sub { return value("SELECT state FROM watches WHERE case_id = $case{$_[0]}") // '-' };
my $checks = sub { return value("SELECT checks FROM watches WHERE case_id = $case{$_[0]}") // 0 };
# As if the time for a check had come; until it is done.
sub look {
	my ($name, $times) = @_;
	for (1 .. $times // 1) {
		my $was = $checks->($name);
		my $answer = call('POST', "/cases/$case{$name}/watch", { act => 'check' });
		$answer->{status} == 200 or diag $answer->{content};
		until_ok("check of $name", sub { $checks->($name) > $was }) or return diag slurp("$work/serve.err");
	}
}
open_case('plain', "https://$host/");
open_case('half', 'https://half-mihon.test/', 'https://half-mihon.test/2');
open_case('held', 'https://held-mihon.test/');
open_case('cloaked', 'http://device-404.range.test/');
ok(until_ok('first checks', sub { $checks->('plain') && $checks->('half') && $checks->('held') && $checks->('cloaked') }), 'a confirmed case is watched at once') or diag slurp("$work/serve.err");
is($state->($_), 'live', "$_ is live") for qw(plain half held);
look('cloaked', 5);
like($state->('cloaked'), qr/^live/, 'one that hides is live') or diag value("SELECT visits FROM watches WHERE case_id = $case{cloaked}");
is(value("SELECT COUNT(*) FROM events WHERE act = 'site.watch'"), 4, 'each watch is audited');
cmp_ok(value("SELECT due_ms - last_ms FROM watches WHERE case_id = $case{plain}"), '>=', 290_000, 'the next check is in five minutes');

# Half gone is live.
become('half-mihon.test', 'gone', '/');
look('half', 6);
like($state->('half'), qr/^live/, 'one of two pages is gone: live');
become('half-mihon.test', 'gone');
look('half', 4);
is($state->('half'), 'error', 'both: dark');

# One 404 is not dark; four in a row are. The case moves, with its clocks.
become($host, 'gone');
look('plain');
is($state->('plain'), 'live', 'one 404 is not dark');
is(value("SELECT state FROM cases WHERE id = $case{plain}"), 'confirmed', 'nor is the case down');
look('plain', 3);
is($state->('plain'), 'error', 'four checks agree: dark');
my ($row) = rows("SELECT state, content_gone_ms, down_ms, dns_gone_ms FROM cases WHERE id = $case{plain}");
is($row->[0], 'down', 'the case is down');
ok($row->[1] && $row->[2] && $row->[1] <= $row->[2], 'content was gone before we were sure') or diag "@$row";
is($row->[3], '', 'its name is not gone');
like(value("SELECT text FROM comments WHERE case_id = $case{plain} ORDER BY id DESC LIMIT 1"), qr/^Nobody sees the site any more since/, 'the survey log says why');
is(value("SELECT COUNT(*) FROM events WHERE act = 'site.dark' AND case_id = $case{plain}"), 1, 'and the audit');

# Another page at the same place is not the site.
become($host, 'replaced');
look('plain', 2);
isnt($state->('plain'), 'resurrected', 'an honest page there is not the site');

# It comes back: one check.
become($host, 'live');
look('plain');
is($state->('plain'), 'resurrected', 'it is back: seen by the first check');
($row) = rows("SELECT state, COALESCE(down_ms, 0), COALESCE(content_gone_ms, 0) FROM cases WHERE id = $case{plain}");
is("@$row", 'resurrected 0 0', 'the case is resurrected, and has not gone yet');
is(value("SELECT COUNT(*) FROM events WHERE act = 'site.back' AND case_id = $case{plain}"), 1, 'audited');

# On hold: the DNS says that the name is gone.
become('held-mihon.test', 'hold');
look('held', 3);
is($state->('held'), 'nxdomain', 'the name is gone: dark');
ok(value("SELECT dns_gone_ms FROM cases WHERE id = $case{held}"), 'its clock is stamped');
rows("INSERT INTO facts (case_id, hash, subject, kind, value, source, first_ms, last_ms) VALUES ($case{held}, " . ($ENV{HK_TEST_PGSQL} ? "'\\x01'" : "x'01'") . ", 'held-mihon.test', 'reg.held', 'yes', 'test', 1, 1)");
look('held', 2);
is($state->('held'), 'on_hold', 'the registry says that it is on hold');
ok(value("SELECT on_hold_ms FROM cases WHERE id = $case{held}"), 'its clock, too');
# Registered by somebody else.
become('held-mihon.test', 'reused');
look('held', 5);
isnt($state->('held'), 'resurrected', 'an honest login of a new owner does not bring it back') or diag value("SELECT signals FROM watches WHERE case_id = $case{held}");

# What is ours is no observation.
my $before = $checks->('plain');
spew($stop, '');
rows("UPDATE watches SET due_ms = 1 WHERE case_id = $case{plain}");
# Meanwhile what asks nobody is done: the sweep, twice.
for (1 .. 2) {
	rows("UPDATE jobs SET due_ms = 1 WHERE stage = 'sweep' AND state = 'ready'");
	ok(until_ok('a sweep', sub { (value("SELECT due_ms FROM jobs WHERE stage = 'sweep' AND state = 'ready'") // 1) > 1 }), 'other work goes on');
}
($code, $out, $err) = hk('monitor', "https://$host/");
is($code, 77, 'by hand nobody is let out, either') or diag $out, $err;
is($checks->('plain'), $before, 'while the kill switch is on nobody looks');
unlink $stop;
ok(until_ok('again', sub { $checks->('plain') > $before }), 'and then somebody does') or diag slurp("$work/serve.err");
is($state->('plain'), 'resurrected', 'and nothing was made of it');

# kill -9.
my $looker = sub { return (slurp("$work/serve.err") =~ /role\.started role=monitor pid=(\d+)/g)[-1] };
my $pid = $looker->();
kill 'KILL', $pid;
ok(until_ok('another', sub { $looker->() != $pid }), 'kill -9: another one looks') or diag slurp("$work/serve.err");
$before = $checks->('plain');
rows("UPDATE watches SET due_ms = 1 WHERE case_id = $case{plain}");
ok(until_ok('more', sub { $checks->('plain') > $before }), 'and goes on');

# --- people ---
my $watch = call('GET', "/cases/$case{plain}/watch");
is($watch->{json}{state}, 'resurrected', 'the API tells') or diag $watch->{content};
cmp_ok(scalar @{ $watch->{json}{history} || [] }, '>=', 3, 'with its history');
is(ref $watch->{json}{visits}, 'ARRAY', 'and what each visitor saw last');
is(call('POST', "/cases/$case{plain}/watch", { act => 'stop' })->{json}{stopped}, 'hand', 'a person stops it');
is(call('POST', "/cases/$case{plain}/watch", { act => 'check' })->{status}, 409, 'then nobody checks');
is(call('POST', "/cases/$case{plain}/watch", { act => 'resume' })->{json}{stopped}, undef, 'and goes on');
is(call('POST', "/cases/$case{plain}/watch", { act => 'fly' })->{status}, 400, 'nonsense is refused');
($code, $out, $err) = hk('monitor', $case{half});
is($code, 0, 'the command knows cases') or diag $err;
is(eval { decode_json($out)->{state} }, 'error', 'and their state') or diag $out;

# A case that is no longer ours is not watched any more.
my $version = call('GET', "/cases/$case{cloaked}")->{json}{version};
is(call('POST', "/cases/$case{cloaked}/acts", { act => 'dismiss', note => 'no' }, { 'If-Match' => "\"$version\"" })->{status}, 200, 'dismissed');
rows("UPDATE watches SET due_ms = 1 WHERE case_id = $case{cloaked} AND due_ms IS NOT NULL");
ok(until_ok('stopped', sub { (value("SELECT stopped FROM watches WHERE case_id = $case{cloaked}") // '') eq 'case' }), 'its watch ends');

# --- how long it took ---
my $survival = call('GET', '/stats/survival?start=confirmed&end=down');
is($survival->{status}, 200, 'the statistics of survival') or diag $survival->{content};
cmp_ok($survival->{json}{all}{events} // 0, '>=', 2, 'know those that are down');
cmp_ok($survival->{json}{all}{censored} // 0, '>=', 1, 'and those that are not');
is(stop_it($serve), 0, 'SIGTERM ends it in good order') or diag slurp("$work/serve.err");
is(value('SELECT COUNT(*) FROM watches WHERE owner IS NOT NULL'), 0, 'no watch is held any longer');
($code, $out, $err) = hk('audit', 'verify');
is($code, 0, 'the audit chain holds') or diag $err;
unlike(slurp("$work/serve.err"), qr/Sanitizer|runtime error/, 'no complaint of the sanitizers');
stop_it($registry);
stop_it($sites);

done_testing();
