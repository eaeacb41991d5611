#!/usr/bin/perl
# databases: both
# Answers to reports: the range's mail house plays hosters, registrars, a bank; their mails come in by IMAP over TLS, find their reports by References, plus-address, ticket number and URL, and
# move them; a stranger moves nothing; a kill -9 doubles nothing.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use Digest::SHA qw(sha256_hex);
use HTTP::Tiny;
use House;
use IO::Socket::INET;
use JSON::PP;
use Test::More;

$CtFollow::deadline_s = 240;

# --- the mail house ---
my $house = start("$work/mailhouse.out", "$work/mailhouse.err", 0, $CtFollow::range, 'mailhouse', '--dir', "$work/house", '--login', 'csirt@mihon-bank.example:geheim', '--pace', '0');
until_ok('the mail house', sub { slurp("$work/mailhouse.out") =~ /\n/ }, 30) or die slurp("$work/mailhouse.err");
my $ports = decode_json((split /\n/, slurp("$work/mailhouse.out"))[0]);
$ports->{control} =~ s{/$}{};
my $http = HTTP::Tiny->new(timeout => 20);

sub ask { my ($path) = @_; return decode_json($http->get("$ports->{control}$path")->{content}) }

# A report leaves: what sys/smtp would say, in a few lines.
sub smtp {
	my ($from, $to, $mail) = @_;
	my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $ports->{smtp}) or die "smtp: $!";
	$s->autoflush(1);
	for my $line (undef, 'EHLO mihon-bank.example', 'AUTH PLAIN AGNzaXJ0QG1paG9uLWJhbmsuZXhhbXBsZQBnZWhlaW0=', "MAIL FROM:<$from>", "RCPT TO:<$to>", 'RCPT TO:<csirt@mihon-bank.example>', 'DATA', "$mail\r\n.") {
		print $s "$line\r\n" if defined $line;
		my $answer;
		do { $answer = <$s> // die 'the server hung up' } while $answer =~ /^\d{3}-/;
		$answer =~ /^[23]/ or die "$line: $answer";
	}
	print $s "QUIT\r\n";
}

# --- our house: cases, and reports that were sent about them ---
mkdir "$work/secret";
chmod 0600, spew("$work/secret/password", "geheim\n");
spew("$work/answers.conf", <<"END");
imap = "imaps://127.0.0.1:$ports->{imaps}"
ca-file = "$ports->{ca}"
user = "csirt\@mihon-bank.example"
password-file = "$work/secret/password"
after = "move"
move-to = "Done"
poll = 1s
END
new_house('replies', 'reply-mail' => "$work/answers.conf", feeds => "$work/none");
mkdir "$work/none";

my %report;
my $n = 0;

# report(recipient): a case, a report about it that was sent, and the mail to that party.
sub report {
	my ($to) = @_;
	$n++;
	my $url = "https://login-$n.mihon-bank.example/";
	my ($code, $out, $err) = hk('case', 'add', $url);
	is($code, 0, "a case for $to") or diag $err;
	my $case = value("SELECT max(id) FROM cases");
	my $known = value("SELECT url FROM cases WHERE id = $case");
	my $token = substr sha256_hex("report $n"), 0, 32;
	my $blob = $House::database =~ /^postgres/ ? "'\\x" . '00' x 32 . "'" : "x'" . '00' x 32 . "'";
	rows("INSERT INTO reports (case_id, channel, kind, recipient, lang, step, round, state, title, request, type, bytes, digest, token, drafted_ms, sent_ms) VALUES"
		. " ($case, 'mail', 'hosting', '$to', 'en', 'first', 1, 'sent', 'Phishing', '{}', 'message/rfc822', 1, $blob, '$token', 1, 2)");
	my $id = value("SELECT max(id) FROM reports");
	rows("INSERT INTO report_sites (report_id, position, case_id, url) VALUES ($id, 0, $case, '$known')");
	$report{$to} = { id => $id, token => $token, url => $known };
	(my $harmless = $known) =~ s/^https/hxxps/;
	$harmless =~ s/\.(?=[a-z-]+)/[.]/g;
	smtp("csirt+$token\@mihon-bank.example", $to, join "\r\n", "From: Mihon Bank CSIRT <csirt+$token\@mihon-bank.example>", "To: <$to>", "Subject: Phishing site imitating Mihon Bank",
		"Message-ID: <$token\@mihon-bank.example>", '', "Please suspend $harmless and tell us when it has been removed.");
	return $id;
}

sub state { my ($to) = @_; return value("SELECT state FROM reports WHERE id = $report{$to}{id}") }

sub letters { my ($to) = @_; return join ' ', map { "$_->[0]/$_->[1]" } rows("SELECT class, matched FROM letters WHERE report_id = $report{$to}{id} ORDER BY id") }

my @parties = qw(abuse@hosting.example abuse@registrar.example abuse@registry.example abuse@cdn.example abuse@host-ja.example abuse@touroku.example
	csirt@betsu-bank.example abuse@host-zh.example abuse@zhuce.example abuse@gone.example postmaster@holiday.example abuse@silent.example);
report($_) for @parties;
rows("INSERT INTO recipients (channel, recipient, at_ms) VALUES ('mail', 'abuse\@gone.example', 1)");
until_ok('the parties', sub { ask('/waiting')->{waiting} == 0 }, 30);
my $mails = ask('/box?address=csirt@mihon-bank.example')->{mails};
my $answers = $mails - @parties;
cmp_ok($answers, '>=', 18, "$answers answers, and a copy of each report, wait");

# --- they come in; killed on the way ---
my $watch;
for my $kill (1 .. 3) {
	$watch = spawn_role("watch$kill", 'watch', '--state', "$work/state");
	until_ok('a letter', sub { value('SELECT count(*) FROM letters') >= $kill * 3 }, 60);
	kill_it($watch);
}
$watch = spawn_role('watch', 'watch', '--state', "$work/state");
until_ok('all letters', sub { value('SELECT count(*) FROM letters') >= $answers }, 60);
until_ok('an empty folder', sub { ask('/box?address=csirt@mihon-bank.example')->{mails} == 0 }, 60);
is(value('SELECT count(*) FROM letters'), $answers, 'each answer is one letter, our own copies are none');
is(value('SELECT count(*) FROM letters WHERE report_id IS NULL'), 0, 'each has found its report') or diag explain [rows('SELECT sender, subject, text FROM letters WHERE report_id IS NULL')];

my %want = (
	'abuse@hosting.example' => ['actioned', 'acknowledged/references actioned/references'],
	'abuse@registrar.example' => ['actioned', 'auto/references acknowledged/number actioned/number'],
	'abuse@registry.example' => ['acknowledged', 'acknowledged/plus needs_info/plus'],
	'abuse@cdn.example' => ['rejected', 'acknowledged/url refused/url'],
	'abuse@host-ja.example' => ['actioned', 'acknowledged/references actioned/references'],
	'abuse@touroku.example' => ['acknowledged', 'auto/references needs_info/number'],
	'csirt@betsu-bank.example' => ['acknowledged', 'acknowledged/plus'],
	'abuse@host-zh.example' => ['actioned', 'acknowledged/references actioned/references'],
	'abuse@zhuce.example' => ['rejected', 'refused/url'],
	'abuse@gone.example' => ['bounced', 'bounced/plus'],
	'postmaster@holiday.example' => ['sent', 'auto/references'],
	'abuse@silent.example' => ['sent', ''],
);
for my $to (@parties) {
	is(letters($to), $want{$to}[1], "$to: letters");
	is(state($to), $want{$to}[0], "$to: state");
}
my $registrar = $report{'abuse@registrar.example'}{id};
like(value("SELECT remote_id FROM reports WHERE id = $registrar"), qr/\d{6}/, 'their number is kept');
is(value("SELECT count(*) FROM recipients WHERE recipient = 'abuse\@gone.example' AND bounced_ms IS NOT NULL"), 1, 'who is not there is known as such');
is(value("SELECT count(*) FROM events WHERE act = 'letter.new'"), $answers, 'each is in the audit trail');

# --- who is not believed ---
sub deliver {
	my ($mail) = @_;
	my $before = value('SELECT count(*) FROM letters');
	is($http->post("$ports->{control}/deliver?to=csirt\@mihon-bank.example", { content => join "\r\n", @$mail })->{status}, 200, 'a mail comes in');
	until_ok('the letter', sub { value('SELECT count(*) FROM letters') > $before }, 30);
	return (rows('SELECT report_id, class, matched, id FROM letters ORDER BY id DESC LIMIT 1'))[0];
}
my $silent = $report{'abuse@silent.example'};
my $letter = deliver(['From: Eve <eve@evil.example>', 'To: <csirt@mihon-bank.example>', 'Subject: Re: Phishing', 'Message-ID: <1@evil.example>', "In-Reply-To: <$silent->{token}\@mihon-bank.example>", '', 'The site has been suspended.', '']);
is("@$letter[0..2]", "$silent->{id} actioned references", 'a stranger who knows our Message-ID is matched');
is(state('abuse@silent.example'), 'sent', 'and moves nothing');
$letter = deliver(['From: Eve <eve@evil.example>', 'To: <csirt@mihon-bank.example>', 'Subject: Re: Phishing', 'Message-ID: <2@evil.example>', '', "The site $silent->{url} has been suspended.", '']);
ok(!$letter->[0], 'one who knows a URL is not even matched');
$letter = deliver(['From: Abuse <noreply@silent.example>', 'To: <csirt@mihon-bank.example>', 'Subject: Re: Phishing', '', "The site $silent->{url} has been suspended.", '']);
is("@$letter[0..2]", "$silent->{id} actioned url", 'the house itself is believed, from another mailbox and without a Message-ID');
is(state('abuse@silent.example'), 'actioned', 'and moves it');

# --- only the house that our own mail server vouches for ---
stop_it($watch);
my $later = 'abuse@later.example';
report($later);
spew("$work/answers.conf", slurp("$work/answers.conf") . "authserv-id = \"mx.mihon-bank.example\"\n");
$watch = spawn_role('proving', 'watch', '--state', "$work/state");
my $own = 'Authentication-Results: mx.mihon-bank.example;';
my $said = 0;

# answer(fields above, way): a mail from the house that was written to; what the audit trail says of its proof.
sub answer {
	my ($above, $way) = @_;
	$said++;
	my $about = { token => "In-Reply-To: <$report{$later}{token}\@mihon-bank.example>", url => 'X-Nothing: x' }->{$way};
	my $got = deliver([@$above, "From: Abuse <$later>", 'To: <csirt@mihon-bank.example>', 'Subject: Re: Phishing', "Message-ID: <$said\@later.example>", $about, '', "The site $report{$later}{url} has been suspended.", '']);
	my $noted = decode_json(value("SELECT data FROM events WHERE act = 'letter.new' ORDER BY seq DESC LIMIT 1"));
	is($noted->{proof}, value("SELECT proof FROM letters WHERE id = $got->[3]"), 'letter and audit trail say the same');
	return ($got->[0] || 'nothing') . " $noted->{proof}";
}
my $id = $report{$later}{id};
is(answer([], 'token'), "$id none", 'nobody vouches for it: matched by our token');
is(state($later), 'sent', 'and moves nothing');
is(answer(['Authentication-Results: mx.evil.example; dkim=pass header.d=later.example'], 'token'), "$id none", 'another server says so');
is(answer(["$own spf=pass smtp.mailfrom=\"x\\\"; dkim=pass header.d=later.example; y=\\\"\"\@evil.example"], 'token'), "$id none", 'a sender who would write more results');
is(answer(["$own dkim=none", 'Received: from x by y', "$own dkim=pass header.d=later.example"], 'token'), "$id none", 'one that was there before');
is(answer([], 'url'), 'nothing none', 'nor is it found by a URL');
is(state($later), 'sent', 'all that moves nothing');
is(answer(["$own dkim=pass header.d=later.example"], 'url'), "$id dkim", 'the house itself, by its signature, is found by a URL');
is(state($later), 'actioned', 'and moves it');
is(value("SELECT count(*) FROM letters WHERE proof IS NULL"), value("SELECT count(*) FROM letters") - $said, 'of letters before that nobody was asked');

stop_it($watch);
my ($code, $out, $err) = hk('audit', 'verify');
is($code, 0, 'the chain holds') or diag $err;
stop_it($house);
done_testing;
