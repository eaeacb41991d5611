#!/usr/bin/perl
# databases: both
# Mail sources against a real server: Dovecot, as an unprivileged process on loopback, with TLS. Marking, moving, a new UIDVALIDITY, a server
# that is away, a wrong password, a certificate that is not trusted, kill -9 in the middle: each mail once.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use File::Copy qw(copy);
use House;
use IO::Socket::INET;
use JSON::PP;
use POSIX ();
use Test::More;

plan skip_all => 'no dovecot (apt-get install dovecot-imapd)' unless -x '/usr/sbin/dovecot';

my $fixtures = "$FindBin::Bin/../fixtures/mail";
my $box = "$work/imap";
my ($plain, $tls) = (free_port(), free_port());
mkdir $_ for $box, map { "$box/$_" } qw(run state mail mail/cur mail/new mail/tmp mail/.done mail/.done/cur mail/.done/new mail/.done/tmp);
spew("$box/mail/.done/maildirfolder", '');

sub free_port {
	my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', LocalPort => 0) or die $!;
	return $s->sockport;
}

# --- the server ---
my ($user, $group) = $> == 0 ? ('nobody', 'nogroup') : (scalar getpwuid($>), scalar getgrgid($)));
my ($uid, $gid) = $> == 0 ? ((getpwnam 'nobody')[2], (getgrnam 'nogroup')[2]) : ($>, $) + 0);
system("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
	. " -keyout $box/key.pem -out $box/cert.pem 2>/dev/null") == 0 or die 'no certificate';
spew("$box/passwd", "csirt:{PLAIN}p\@ss \"w\xc3\xb6rd:${uid}:${gid}::$box\n");
spew("$box/dovecot.conf", <<"END");
base_dir = $box/run
state_dir = $box/state
log_path = $box/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <$box/cert.pem
ssl_key = <$box/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login
default_internal_user = $user
default_internal_group = $group
default_login_user = $user
first_valid_uid = 1
mail_location = maildir:$box/mail
namespace inbox {
  inbox = yes
  separator = /
}
passdb {
  driver = passwd-file
  args = $box/passwd
}
userdb {
  driver = static
  args = uid=$uid gid=$gid home=$box
}
service imap-login {
  chroot =
  inet_listener imap {
    port = $plain
  }
  inet_listener imaps {
    port = $tls
    ssl = yes
  }
}
service anvil {
  chroot =
}
END
my $server;
my $test = $$;
END { my $s = $?; stop_server() if $$ == $test; $? = $s }

sub start_server {
	system('chown', '-R', "$uid:$gid", $box) if $> == 0;
	$server = fork() // die "fork: $!";
	if (!$server) {
		chdir '/';
		if ($> == 0) {
			$) = "$gid $gid";
			POSIX::setgid($gid);
			POSIX::setuid($uid);
		}
		open STDOUT, '>', "$box/out";
		open STDERR, '>&', \*STDOUT;
		exec '/usr/sbin/dovecot', '-F', '-c', "$box/dovecot.conf" or POSIX::_exit(127);
	}
	return until_ok('the server', sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $plain) }, 20);
}

sub stop_server {
	return unless $server;
	kill 'TERM', $server;
	waitpid $server, 0;
	$server = undef;
}

my $number = 0;

# A mail arrives.
sub deliver {
	my ($name) = @_;
	my $to = "$box/mail/new/" . (1700000000 + ++$number) . ".$number.host";
	copy("$fixtures/$name.eml", "$to.tmp") or die $!;
	chown $uid, $gid, "$to.tmp" if $> == 0;
	rename "$to.tmp", $to;
}

sub flags { my ($dir) = @_; return join ' ', sort map { /,([A-Z]*)[a-z]*$/ ? "[$1]" : '[]' } glob("$dir/cur/* $dir/new/*") }

chmod 0755, $work;
unless (start_server()) {
	diag slurp("$box/out"), slurp("$box/log");
	plan skip_all => 'dovecot does not start here';
}

# --- sources ---
my $dir = new_house('mailhouse', 'mail-sources' => "$work/sources", 'mail-rules' => "$FindBin::Bin/../../conf/mail",
	'mail-servers' => ['mx.mihon-bank.example'], targets => "$FindBin::Bin/../../conf/targets/example.conf", blobs => "$work/blobs");
mkdir "$work/sources";
chmod 0600, spew("$work/secret", "p\@ss \"w\xc3\xb6rd\n");
my $base = "user = csirt\npassword-file = \"$work/secret\"\npoll = 1s\n";

sub source { my ($name, $text) = @_; return spew("$work/sources/$name.conf", $text) }

sub look {
	my ($code, $out, $err) = hk('mail', 'poll', @_);
	my @lines = map { decode_json($_) } split /\n/, $out;
	return ($code, $lines[0], $err);
}

deliver('kagami-alert');
deliver('lure-eucjp-html');
source('alerts', "imap = \"imaps://127.0.0.1:$tls\"\nca-file = \"$box/cert.pem\"\n$base");
my ($code, $got, $err) = look('alerts');
is($code, 0, 'a look at an IMAP folder with TLS') or diag $err, slurp("$box/log");
is($got->{new}, 4, 'two addresses of the alert, two of the lure') or diag explain $got;
is(flags("$box/mail"), '[] []', 'nothing is marked: only PEEK');
is(value("SELECT count(*) FROM sightings WHERE kind = 'url'"), 4, 'they are stored');
is(value('SELECT count(*) FROM attachments WHERE sighting_id IS NOT NULL'), 4, 'with their mails');
is(value("SELECT t.key FROM sightings s JOIN targets t ON t.id = s.target_id WHERE s.host = 'mihon-bank.kagami-demo.test'"), 'mihon-bank',
	'the alert names its target') or diag explain [rows('SELECT key, name FROM targets')];
($code, $got) = look('alerts');
is($got->{new}, 0, 'another look finds nothing new');
deliver('no-url');
($code, $got) = look('alerts');
is($got->{new}, 1, 'a new mail is found');
my $position = decode_json(value("SELECT position FROM sources WHERE key = 'mail:alerts'"));
is($position->{uid}, 3, 'the position is that of the last mail');

# --- marking and moving ---
source('alerts', "imap = \"imaps://127.0.0.1:$tls\"\nca-file = \"$box/cert.pem\"\nafter = seen\n$base");
deliver('lure-jis-raw');
($code, $got, $err) = look('alerts');
is($got->{new}, 1, 'after = seen') or diag $err;
is(scalar(() = flags("$box/mail") =~ /\[S\]/g), 1, 'the mail that was taken is marked, the older ones are not');
source('alerts', "imap = \"imaps://127.0.0.1:$tls\"\nca-file = \"$box/cert.pem\"\nafter = move\nmove-to = done\n$base");
deliver('lure-gb18030');
($code, $got, $err) = look('alerts');
is($got->{new}, 1, 'after = move') or diag $err;
is(scalar(my @done = glob("$box/mail/.done/cur/* $box/mail/.done/new/*")), 1, 'the mail that was taken is moved');

# --- a source without TLS on this machine; the same mails from another source are its own sightings ---
source('local', "imap = \"imap://127.0.0.1:$plain\"\n$base");
($code, $got, $err) = look('local');
is($got->{new}, 6, 'without TLS, on loopback') or diag $err;

# --- what goes wrong ---
source('away', "imap = \"imap://mail.mihon-bank.example\"\n$base");
($code, $got, $err) = look('away');
is($code, 78, 'without TLS to another machine: refused');
like($err, qr/away\.conf:1: imap is for this machine only/, 'where it stands');
source('away', "imap = \"imaps://127.0.0.1:$tls\"\n$base");
($code, $got, $err) = look('away');
is($code, 69, 'a certificate that is not trusted');
like($err, qr/mail:away: 127\.0\.0\.1 port $tls:.*certificate/i, 'and what is wrong with it');
source('away', "imap = \"imaps://127.0.0.1:$tls\"\nca-file = \"$box/cert.pem\"\nfolder = \"\x{e6}\x{97}\x{a5}\"\n$base");
($code, $got, $err) = look('away');
is($code, 78, 'no such folder');
like($err, qr/refuses the folder/, 'is told');
chmod 0600, spew("$work/wrong", "wrong\n");
source('away', "imap = \"imap://127.0.0.1:$plain\"\nuser = csirt\npassword-file = \"$work/wrong\"\n");
($code, $got, $err) = look('away');
is($code, 78, 'a wrong password');
like($err, qr/refuses the login/, 'is told');
unlike($err . slurp("$box/log"), qr/p\@ss/, 'the password stands nowhere');
my $health = decode_json(value("SELECT health FROM sources WHERE key = 'mail:away'"));
like($health->{last_error}, qr/refuses the login/, "the source's health tells");
is($health->{failures}, 3, 'and how often');
unlink "$work/sources/away.conf";

# --- the server forgets its numbers: all mails anew, none twice ---
stop_server();
($code, $got, $err) = look('local');
is($code, 69, 'the server is away');
unlink glob("$box/mail/dovecot* $box/mail/.done/dovecot*");
start_server();
my $before = value('SELECT count(*) FROM sightings');
($code, $got, $err) = look('local');
is($code, 0, 'it is back') or diag $err;
is($got->{new}, 0, 'with another UIDVALIDITY: nothing twice');
is(value('SELECT count(*) FROM sightings'), $before, 'nothing at all');

# --- kill -9 of a watch process, again and again ---
unlink glob("$work/sources/*");
source('busy', "imap = \"imap://127.0.0.1:$plain\"\nafter = seen\n$base");
for my $i (1 .. 40) {
	my $to = "$box/mail/new/" . (1800000000 + $i) . ".w$i.host";
	spew($to, "From: a\@b.test\nSubject: wave $i\nMessage-ID: <wave-$i\@b.test>\n\nhttps://wave-$i.evil.test/\n");
	chown $uid, $gid, $to if $> == 0;
}
my $waves = sub { return value("SELECT count(*) FROM sightings WHERE host LIKE 'wave-%'") };
for my $at (3, 12, 25) {
	my $watch = spawn_role("watch$at", 'watch');
	until_ok("$at mails", sub { $waves->() >= $at }) or diag slurp("$work/watch$at.err");
	kill_it($watch);
}
my $watch = spawn_role('last', 'watch');
ok(until_ok('all of them', sub { $waves->() == 40 }), 'watch takes every mail') or diag $waves->(), slurp("$work/last.err");
ok(until_ok('marked', sub { scalar(() = flags("$box/mail") =~ /\[S\]/g) >= 40 }), 'and marks every mail, also those of processes that were killed')
	or diag flags("$box/mail");
is(stop_it($watch), 0, 'SIGTERM ends it in good order') or diag slurp("$work/last.err");
is(value("SELECT count(*) FROM (SELECT url FROM sightings WHERE host LIKE 'wave-%' GROUP BY url HAVING count(*) > 1) x"), 0, 'none twice');
is(value("SELECT count(*) FROM sightings s WHERE host LIKE 'wave-%' AND NOT EXISTS (SELECT 1 FROM attachments a WHERE a.sighting_id = s.id)"), 0,
	'each with its mail');
done_testing();
