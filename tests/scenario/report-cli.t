#!/usr/bin/perl
# databases: both
# `hikeshi report`: what was told to whom, the exact bytes of it, and drafts that somebody asks for. Nothing is approved by it.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use Digest::SHA qw(sha256_hex);
use File::Path qw(make_path);
use House;
use JSON::PP;
use Test::More;

my $dir = new_house('report');
my ($code, $out, $err) = hk(\"correct horse battery\n", 'user', 'add', '--roles', 'analyst', 'akari');
is($code, 0, 'a user') or diag $err;
hk('case', 'add', 'https://evil.example/login', 'https://other.example/');

# A letter as the drafter keeps it: bytes with a NUL and without a line's end.
my $bytes = "Subject: hi\r\n\r\nhxxps\0\xff end";
my $request = '{"way":"mail","to":"abuse@host.example"}';
my $content = sha256_hex($bytes);
my $digest = sha256_hex("$request\n$bytes");
my $place = sprintf '%s/blobs/%.2s/%s', $dir, $content, $content;

sub blob { my ($hex) = @_; $ENV{HK_TEST_PGSQL} ? "decode('$hex', 'hex')" : "x'$hex'" }

sub report {
	my ($case, $state, $recipient, $title) = @_;
	rows("INSERT INTO reports (case_id, channel, kind, recipient, lang, step, round, state, title, request, content, type, bytes, digest, token, drafted_ms) VALUES ($case, 'mail', 'hosting', "
		. "'$recipient', 'en', 'first', 1, '$state', '$title', '$request', " . blob($content) . ", 'message/rfc822', " . length($bytes) . ', ' . blob($digest) . ", '$title', 1)");
}
report(1, 'drafted', 'abuse@host.example', 'Phishing at https://evil.example/login');
report(1, 'sent', 'abuse@registrar.example', "a\nb");
report(2, 'drafted', 'abuse@host.example', 'Another');
rows("INSERT INTO report_sites (report_id, position, case_id, url) VALUES (1, 0, 1, 'https://evil.example/login'), (2, 0, 1, 'https://evil.example/login'), (3, 0, 2, 'https://other.example/'), (3, 1, 1, 'https://evil.example/login')");

# list
($code, $out, $err) = hk('report', 'list');
is($code, 0, 'listed') or diag $err;
my @lines = split /\n/, $out;
is(scalar @lines, 3, 'a line each');
like($lines[0], qr{^3\s+#2\s+drafted\s+first\s+mail\s+abuse\@host\.example\s+Another$}, 'the newest first');
like($lines[2], qr{Phishing at hxxps://evil\[\.\]example/login$}, 'nothing of it can be clicked');
($code, $out) = hk('report', 'list', '--exact', '--case', '1', 'drafted');
is($code, 0, 'of a case, in a state');
like($out, qr{\A3 .*\n1 .*https://evil\.example/login\n\z}, 'the one that another case leads as well, exact');
($code, $out) = hk('report', 'list', '--json', '--limit', '2', 'drafted', 'sent');
my $list = decode_json($out);
is(join(',', map { $_->{id} } @{ $list->{reports} }), '3,2', 'as JSON, cut');
ok($list->{more}, 'and it says so');
is($list->{reports}[0]{digest}, $digest, 'with the digest');
($code, $out, $err) = hk('report', 'list', 'lost');
is($code, 64, 'no such state');
like($err, qr{lost is no state of a report: drafted, approved}, 'said');
($code, $out, $err) = hk('report', 'list', '--case', 'x');
is($code, 64, 'no number of a case');

# show
($code, $out) = hk('report', 'show', '1');
is($code, 0, 'shown');
like($out, qr{^state +drafted$}m, 'its state');
like($out, qr{^title +Phishing at hxxps://}m, 'its title, harmless');
($code, $out) = hk('report', 'show', '--json', '3');
is(scalar @{ decode_json($out)->{urls} }, 2, 'as JSON with its sites');
($code, $out, $err) = hk('report', 'show', '99');
is($code, 66, 'no such report') or diag $err;
($code, $out, $err) = hk('report', 'show', '--raw', '1');
isnt($code, 0, 'its bytes are not there');
is($out, '', 'so nothing is printed');
make_path($place =~ s{/[^/]+\z}{}r);
spew($place, $bytes);
($code, $out, $err) = hk('report', 'show', '--raw', '1');
is($code, 0, 'raw') or diag $err;
is($out, $bytes, 'to the byte');
rows(q(UPDATE reports SET request = '{"way":"mail","to":"other@host.example"}' WHERE id = 1));
($code, $out, $err) = hk('report', 'show', '--raw', '1');
is($code, 65, 'bytes or request that are not those of the digest') or diag $err;
is($out, '', 'are not shown for what was approved');
rows('UPDATE reports SET content = NULL WHERE id = 1');
($code, $out, $err) = hk('report', 'show', '--raw', '1');
like($err, qr{has no bytes yet}, 'nor those of an unwritten one');

# ask
($code, $out, $err) = hk('report', 'ask', '1');
is($code, 77, 'not before it is confirmed') or diag $err;
like($err, qr{only what is confirmed is reported}, 'said');
hk('case', 'act', '1', 'confirm');
rows("DELETE FROM jobs WHERE stage = 'draft'");
($code, $out, $err) = hk('report', 'ask', '--as', 'akari', '1');
is($code, 0, 'asked') or diag $err;
like($out, qr{^case #1: a worker drafts}, 'said');
is(value("SELECT data FROM jobs WHERE stage = 'draft'"), '{"user":1}', 'a job, with who proposes');
($code, $out, $err) = hk('report', 'ask', '--as', 'nobody', '1');
isnt($code, 0, 'not as somebody who is not there');
($code, $out, $err) = hk('report', 'approve', '1');
is($code, 64, 'nothing is approved by a command') or diag $out;
($code, $out) = hk('report', 'ask', '--help');
like($out =~ s/\s+/ /gr, qr{There is no command that approves a report}, 'and the help says whose act that is');
done_testing;
