#!/usr/bin/perl
# databases: both
# Watched sites are asked about at the vendors that only say whether a site is listed: at their pace, without victims' data, again and again; the word becomes the case's: panel, fact,
# clock, audit, statistics. A vendor that refuses our key is closed; kill -9 costs a question.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use House;
use HTTP::Tiny;
use JSON::PP;
use Test::More;

$CtFollow::deadline_s = 120;

my $vendors = start("$work/vendors.out", "$work/vendors.err", 0, $CtFollow::range, 'vendors', '--dir', "$work/channels");
ok(until_ok('vendors', sub { slurp("$work/vendors.out") =~ /\n/ }), 'the vendors of the range') or diag slurp("$work/vendors.err");
my $range = decode_json((split /\n/, slurp("$work/vendors.out"))[0])->{url};
for my $file (glob "$work/channels/*.conf") {
	unlink $file unless $file =~ m{/(?:phishtank|webrisk-lookup|netcraft)\.conf$};
}
my $http = HTTP::Tiny->new(timeout => 30, default_headers => { 'X-Goog-Api-Key' => 'range-secret' });
sub vendors_say {
	my $answer = $http->post("$range$_[0]", { content => '' });
	$answer->{success} or die "$_[0]: $answer->{content}";
}
sub book { return decode_json($http->get("$range-/reports?vendor=$_[0]")->{content})->{vendors}{ $_[0] } }

my $egress = spew("$work/egress.conf", "range = 127.0.0.1\nrange-ports = {\"80=1\"}\n");
new_house('lookups', egress => $egress, listen => '127.0.0.1:0', channels => "$work/channels", 'report-org' => 'Mihon Bank CSIRT', 'report-contact' => 'csirt@mihon-bank.example');
hk(\"correct horse battery 9", 'user', 'add', '--roles', 'analyst,system_admin', 'akari');
my $web = spawn_role('web', 'web');
ok(until_ok('web', sub { -e "$work/web.out" && slurp("$work/web.out") =~ /"url":"/ }), 'the board is up') or diag slurp("$work/web.err");
my ($url) = slurp("$work/web.out") =~ /"url":"([^"]+)"/;
login($url, 'akari', 'correct horse battery 9');
sub open_case {
	my $answer = call('POST', '/cases', { url => $_[0] });
	my $id = $answer->{json}{case}{id} // $answer->{json}{id} // die $answer->{content};
	my $version = call('GET', "/cases/$id")->{json}{version};
	call('POST', "/cases/$id/acts", { act => 'confirm' }, { 'If-Match' => "\"$version\"" })->{status} == 200 or die 'confirm';
	return $id;
}
my $plain = open_case('https://www.mihon-login.test/a?b=1');
my $named = open_case('https://victim-mihon.test/a?email=taro@mail.example');
my $new = call('POST', '/cases', { url => 'https://unconfirmed-mihon.test/' })->{json}{case}{id};

my $work_role = spawn_role('work', 'work', '--pools', 'send');
my $listings = sub { return decode_json(value("SELECT listings FROM watches WHERE case_id = $_[0]") // '{}') };
my $word = sub { return $listings->($_[0])->{ $_[1] }{state} // '-' };
ok(until_ok('asked', sub { $word->($plain, 'webrisk-lookup') ne '-' && $word->($plain, 'phishtank') ne '-' && $word->($named, 'webrisk-lookup') ne '-' && $word->($named, 'phishtank') ne '-' }), 'both are asked about both sites')
	or diag slurp("$work/work.err");
is($word->($plain, $_), 'not listed', "$_: not listed") for qw(webrisk-lookup phishtank);
is_deeply($listings->($new), {}, 'a case that nobody has confirmed is not asked about');
my @asked = map { $_->{what} } @{ book('phishtank')->{reports} };
is_deeply([sort @asked], ['https://victim-mihon.test/a', 'https://www.mihon-login.test/a?b=1'], 'the whole URL, but not of a victim');
is(book('phishtank')->{early}, 0, 'at their pace');
is(book('netcraft')->{requests}, 0, 'nobody else is asked, or told');
is(value('SELECT COUNT(*) FROM cases WHERE listed_ms IS NOT NULL'), 0, 'no clock');
is(value("SELECT COUNT(*) FROM events WHERE act = 'site.listed'"), 0, 'and nothing to audit');

# As if the time for a question had come. kill -9 of the worker: the next one begins anew.
sub again {
	for my $id ($plain, $named) {
		my $all = $listings->($id);
		$_->{asked_ms} = 1 for values %$all;
		rows("UPDATE watches SET listings = '" . encode_json($all) . "' WHERE case_id = $id");
	}
	kill 'KILL', $work_role;
	waitpid $work_role, 0;
	rows("UPDATE jobs SET state = 'ready', due_ms = 1, lease_ms = 0 WHERE stage = 'lookup'");
	$work_role = spawn_role('work', 'work', '--pools', 'send');
}

# --- listed ---
vendors_say('webrisk-lookup/list?uri=https%3A%2F%2Fwww.mihon-login.test%2Fa%3Fb%3D1');
my ($entry) = grep { $_->{what} eq 'https://victim-mihon.test/a' } @{ book('phishtank')->{reports} };
vendors_say("-/state?vendor=phishtank&id=$entry->{id}&state=waiting");
my $before = value("SELECT listings FROM watches WHERE case_id = $plain");
again();
ok(until_ok('listed', sub { $word->($plain, 'webrisk-lookup') eq 'listed' && $word->($named, 'phishtank') eq 'waits for votes' }), 'kill -9, and it is seen to be listed') or diag slurp("$work/work.err");
is(value("SELECT COUNT(*) FROM cases WHERE listed_ms IS NOT NULL"), 1, 'the clock of the one that is; a vote is not a listing');
cmp_ok(value("SELECT listed_ms FROM cases WHERE id = $plain"), '>', value("SELECT confirmed_ms FROM cases WHERE id = $plain"), 'behind its confirmation');
is(value("SELECT COUNT(*) FROM events WHERE act = 'site.listed' AND case_id = $plain"), 1, 'audited');
is(value("SELECT value FROM facts WHERE case_id = $plain AND kind = 'list.state' AND subject = 'webrisk-lookup' AND gone_ms IS NULL"), 'listed', 'a fact of the case');
is(value("SELECT COUNT(*) FROM facts WHERE case_id = $plain AND kind = 'list.state' AND value = 'not listed' AND gone_ms IS NOT NULL"), 1, 'what was before is kept as such');
my $watch = call('GET', "/cases/$plain/watch")->{json}{listings}{'webrisk-lookup'};
is($watch->{listed}, JSON::PP::true, 'the panel has it');
cmp_ok($watch->{at_ms}, '>', decode_json($before)->{'webrisk-lookup'}{at_ms}, 'with since when');
my $survival = call('GET', '/stats/survival?start=confirmed&end=listed');
is($survival->{json}{all}{events}, 1, 'the statistics count it') or diag $survival->{content};

# Once more: the same word is no news.
again();
ok(until_ok('asked again', sub { ($listings->($plain)->{'webrisk-lookup'}{asked_ms} // 0) > 1 }), 'asked again');
is($listings->($plain)->{'webrisk-lookup'}{at_ms}, $watch->{at_ms}, 'listed since the same time');
is(value("SELECT COUNT(*) FROM events WHERE act = 'site.listed'"), 1, 'and nothing new in the audit');

# --- a vendor that refuses ---
vendors_say('-/fault?vendor=webrisk-lookup&op=lookup&mode=401');
again();
ok(until_ok('closed', sub { (value("SELECT state FROM channels WHERE name = 'webrisk-lookup'") // '') eq 'closed' }), 'who refuses our key is closed') or diag slurp("$work/work.err");
my $requests = book('webrisk-lookup')->{requests};
again();
ok(until_ok('the other', sub { ($listings->($plain)->{phishtank}{asked_ms} // 0) > 1 && ($listings->($named)->{phishtank}{asked_ms} // 0) > 1 }), 'the other one is asked') or diag slurp("$work/work.err");
is(book('webrisk-lookup')->{requests}, $requests, 'and the closed one not once more');
is($word->($plain, 'webrisk-lookup'), 'listed', 'what it said stands');

# --- it is listed no longer; a closed channel that is opened is asked ---
vendors_say('-/fault?vendor=webrisk-lookup&op=lookup&mode=none');
vendors_say('-/reset');
rows("UPDATE channels SET state = 'open', free_ms = 0 WHERE name = 'webrisk-lookup'");
again();
ok(until_ok('gone', sub { $word->($plain, 'webrisk-lookup') eq 'not listed' }), 'it is listed no longer') or diag slurp("$work/work.err");
is(value("SELECT COUNT(*) FROM events WHERE act = 'site.unlisted' AND case_id = $plain"), 1, 'audited');
ok(value("SELECT listed_ms FROM cases WHERE id = $plain"), 'the clock says when it was first');
is(value('SELECT COUNT(*) FROM reports WHERE sent_ms IS NOT NULL'), 0, 'nothing was reported by all that');
is(stop_it($work_role), 0, 'SIGTERM ends it in good order') or diag slurp("$work/work.err");
my ($code, $out, $err) = hk('audit', 'verify');
is($code, 0, 'the audit chain holds') or diag $err;
unlike(slurp("$work/work.err"), qr/Sanitizer|runtime error/, 'no complaint of the sanitizers');
stop_it($web);
stop_it($vendors);
done_testing();
