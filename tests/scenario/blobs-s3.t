#!/usr/bin/perl
# Blobs in a bucket: `mail poll`, `evidence`, the API and `work` against a store on loopback that verifies each signature anew (lib/s3_store.py, Python's
# own hmac), over TLS. kill -9 in the middle of both, an object that was tampered with, wrong keys, no bucket, a clock that is wrong, a store that is
# slow, full of faults, or that knows no conditions.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use Digest::SHA qw(sha256_hex);
use File::Find;
use House;
use IPC::Open2;
use JSON::PP;
use POSIX ();
use Test::More;

my $build = $ENV{HK_BUILD} || "$FindBin::Bin/../../build";
my $buckets = "$work/buckets";
mkdir $_ for $buckets, "$buckets/mihon-evidence";
system("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
	. " -keyout '$work/key.pem' -out '$work/cert.pem' 2>/dev/null") == 0 or die 'no certificate';
start("$work/store.out", "$work/store.err", 0, "$FindBin::Bin/lib/s3_store.py", $buckets, 'HIKESHI', 's3cret+/Key', 'tokyo-1', "$work/cert.pem", "$work/key.pem");
until_ok('the store', sub { slurp("$work/store.out") =~ /"port": \d+/ }) or die slurp("$work/store.err");
my ($port) = slurp("$work/store.out") =~ /"port": (\d+)/;

# Tells the store how to behave; what it has counted.
sub store {
	my ($what) = @_;
	my $json = encode_json($what || {});
	return decode_json(scalar qx(curl -sk --data '$json' 'https://127.0.0.1:$port/_control'));
}
# The objects: path below the bucket => content.
sub objects {
	my %all;
	find({ no_chdir => 1, wanted => sub { $all{ s{^\Q$buckets/mihon-evidence/\E}{}r } = raw($_) if -f && !/\.sum$/ } }, "$buckets/mihon-evidence");
	return %all;
}
sub raw { open my $in, '<:raw', $_[0] or die "$_[0]: $!"; local $/; return scalar <$in> // '' }
sub misnamed { my %all = @_; return grep { my ($name) = m{([^/]+)$}; sha256_hex($all{$_}) ne $name || !m{^house/\Q@{[ substr $name, 0, 2 ]}\E/} } keys %all }
sub key_file { my ($name, $id, $secret) = @_; my $file = spew("$work/$name", "[default]\naws_access_key_id = $id\naws_secret_access_key = $secret\n"); chmod 0600, $file; return $file }

my $keys = key_file('s3.credentials', 'HIKESHI', 's3cret+/Key');
my %place = (blobs => 's3://mihon-evidence/house', 's3-endpoint' => "https://127.0.0.1:$port", 's3-region' => 'tokyo-1', 's3-credentials' => $keys, 's3-ca' => "$work/cert.pem");

# --- mails, and kill -9 -------------------------------------------------------------------------------------------------------
my $mails = 40;
mkdir $_ for "$work/sources", map { "$work/maildir/$_" } '', qw(cur new tmp);
for my $n (1 .. $mails) {
	spew("$work/maildir/new/" . (1700000000 + $n) . ".$n.host", "From: kokyaku\@mihon-bank.example\nTo: csirt\@mihon-bank.example\nSubject: lure $n\nMessage-ID: <$n\@mihon-bank.example>\n"
		. "Date: Tue, 24 Nov 2026 11:00:00 +0900\nContent-Type: text/plain\n\nhttps://wave-$n.evil-mihon.example/login\n");
}
spew("$work/sources/reports.conf", "maildir = \"$work/maildir\"\nafter = seen\n");
my $dir = new_house('bucket', 'mail-sources' => "$work/sources", listen => '127.0.0.1:0', %place);
my $count = sub { my %all = objects(); return scalar keys %all };
store({ delay_ms => 20 });
my $poll = start("$work/poll.out", "$work/poll.err", 0, $CtFollow::hikeshi, 'mail', 'poll', 'reports', '--config', $config);
ok(until_ok('some mails', sub { $count->() >= 5 }), 'mails go into the bucket') or diag slurp("$work/poll.err");
kill_it($poll);
cmp_ok($count->(), '<', $mails, 'killed in the middle');
store({ delay_ms => 0, fail => [['HEAD', 500, 'InternalError'], ['PUT', 503, 'SlowDown'], ['PUT', 0, '']] });
my ($code, $out, $err) = hk('mail', 'poll', 'reports');
is($code, 0, 'the next look, while the store fails three times') or diag $err;
my %all = objects();
is(scalar keys %all, $mails, 'each mail is there once');
is(join(' ', misnamed(%all)), '', 'under the SHA-256 of what it is');
is(value("SELECT count(*) FROM sightings WHERE host LIKE 'wave-%'"), $mails, 'each lure is stored once');
is(value("SELECT count(*) FROM sightings s WHERE host LIKE 'wave-%' AND NOT EXISTS (SELECT 1 FROM attachments a WHERE a.sighting_id = s.id)"), 0, 'each with its mail');
is_deeply([sort map { $_->[0] } rows('SELECT DISTINCT lower(hex(sha256)) FROM attachments')], [sort map { m{([^/]+)$} } keys %all], 'rows and objects are the same');
my $counted = store();
cmp_ok($counted->{written}, '<=', $mails + 1, 'what was there was not written again');
is(store()->{GET} // 0, 0, 'nor read: the store knows the hashes');

# --- evidence: kept, verified, exported ---------------------------------------------------------------------------------------------
($code, $out, $err) = hk('case', 'add', 'https://evil.example/');
is($code, 0, 'a case') or diag $err;
my $seed = "'$build/tests/evidence_seed' '$House::database' '$dir/audit.key' '\@$config' 1";
my $run = qx($seed 2>&1);
like($run, qr/^\d+$/, 'a run is kept');
chomp $run;
($code, $out, $err) = hk('evidence', 'verify', '--case', '1');
is($code, 0, 'verified') or diag $out, $err;
like($out, qr/good: 1 runs, 8 files/, 'all of it');
($code, $out, $err) = hk('evidence', 'export', '1', '--out', "$work/case.zip");
is($code, 0, 'exported') or diag $err;
($code, $out, $err) = hk('evidence', 'verify', "$work/case.zip");
is($code, 0, 'the file is good') or diag $out, $err;

# Somebody with a key of his own changes an object.
my ($sha) = qx(unzip -p '$work/case.zip' 'runs/$run/manifest.json') =~ /"path":"00-iphone-sms-1\/dom\.html","sha256":"([0-9a-f]{64})"/;
my $object = "$buckets/mihon-evidence/house/" . substr($sha, 0, 2) . "/$sha";
my $was = raw($object);
spew($object, $was . ' ');
($code, $out, $err) = hk('evidence', 'verify', '--case', '1');
is($code, 65, 'an object that was tampered with');
like($out, qr{WRONG runs/$run/00-iphone-sms-1/dom\.html: s3://mihon-evidence/house/../$sha: the object does not hold what its name says}, 'is named');
($code, $out, $err) = hk('evidence', 'export', '1', '--out', "$work/no.zip");
is($code, 65, 'and not exported');
ok(!-e "$work/no.zip", 'not in part either');
unlink $object;
($code, $out, $err) = hk('evidence', 'verify', '--case', '1');
is($code, 65, 'one that was taken away');
like($out, qr{WRONG runs/$run/00-iphone-sms-1/dom\.html: s3://mihon-evidence/house/../$sha: there is no such object}, 'is named');
spew($object, $was);
is((hk('evidence', 'verify', '--case', '1'))[0], 0, 'put back, all is good');

# --- the API ------------------------------------------------------------------------------------------------------------------------
($code, $out, $err) = hk(\"correct horse battery\n", 'user', 'add', '--roles', 'analyst', 'hanako');
is($code, 0, 'a user') or diag $err;
my $web = spawn_role('web', 'web');
ok(until_ok('the API', sub { slurp("$work/web.out") =~ /\{/ }), 'the API') or diag slurp("$work/web.err");
my $url = decode_json((split /\n/, slurp("$work/web.out"))[0])->{url};
is(login($url, 'hanako', 'correct horse battery')->{status}, 200, 'a login') or BAIL_OUT('no login');
my $bytes = join '', map { chr($_ * 7 % 256) } 1 .. 300_000;
my $answer = call('POST', '/cases/1/attachments?name=kit.zip', $bytes, { 'Content-Type' => 'application/zip' });
is($answer->{status}, 201, 'an attachment') or diag $answer->{content};
my $attached = 'house/' . substr(sha256_hex($bytes), 0, 2) . '/' . sha256_hex($bytes);
ok({ objects() }->{$attached} eq $bytes, 'lies in the bucket');
$answer = call('GET', "/attachments/$answer->{json}{id}");
ok($answer->{status} == 200 && $answer->{content} eq $bytes, 'and is handed out');
is(stop_it($web), 0, 'the API ends in good order');

# --- what goes wrong ------------------------------------------------------------------------------------------------------------
sub told {
	my ($what, $want, $says, @options) = @_;
	my ($code, $out, $err) = hk('evidence', 'export', '1', '--out', "$work/none.zip", @options);
	is($code, $want, "$what: exit code") or diag $out, $err;
	like($err, $says, "$what: is told");
	unlike($err, qr/s3cret/, "$what: no secret in it");
	ok(!-e "$work/none.zip", "$what: nothing is written");
}
told('another secret', 78, qr/s3:\/\/mihon-evidence: the key of s3-credentials is not accepted: its secret is wrong/, '--s3-credentials', key_file('k1', 'HIKESHI', 's3cret'));
told('another key', 78, qr/the key of s3-credentials is not accepted: the store does not know it/, '--s3-credentials', key_file('k2', 'NOBODY', 's3cret+/Key'));
told('another bucket', 78, qr/s3:\/\/mihon-other: the bucket does not exist/, '--blobs', 's3://mihon-other/house');
told('another region', 78, qr/the bucket lies in another region than s3-region says: it lies in tokyo-1/, '--s3-region', 'osaka-1');
told('a key that others may read', 77, qr/k3: others may read it: chmod 600/, '--s3-credentials', do { my $f = key_file('k3', 'HIKESHI', 's3cret+/Key'); chmod 0644, $f; $f });
told('no key', 66, qr/nowhere: cannot open/, '--s3-credentials', "$work/nowhere");
told('an authority that is not ours', 78, qr/the certificate of 127\.0\.0\.1:$port is not trusted: name its authority in s3-ca/, '--s3-ca', '/etc/ssl/certs/ca-certificates.crt');
told('http to another machine', 77, qr/plain http is for loopback addresses only/, '--s3-endpoint', 'http://s3.mihon-bank.example');
store({ skew_s => 20 * 60 + 5 });
told('a clock that is wrong', 69, qr/the clock of this machine is wrong by 20 min \(or the store's is\): it is behind/);
store({ skew_s => 0, fail => [map { ['GET', 503, 'SlowDown'] } 1 .. 6] });
told('a store that fails', 75, qr/given up: s3:\/\/mihon-evidence: the store asks for patience/);
spew("$work/stop.conf", "stop-file = \"$config\"\n");
told('the kill switch', 77, qr/the kill switch is on/, '--egress', "$work/stop.conf");
store({ fail => [map { ['GET', 503, 'SlowDown'] } 1 .. 6] });
($code, $out, $err) = hk('evidence', 'verify', '--case', '1');
is($code, 75, 'verify, while the store is away: not "wrong", but try later') or diag $out, $err;
unlike($out, qr/WRONG/, 'nothing is wrong with the evidence');
is((hk('evidence', 'verify', '--case', '1', '--s3-region', 'osaka-1'))[0], 78, 'nor with a wrong configuration');
like((hk('web', '--s3-credentials', "$work/nowhere"))[2], qr/nowhere: cannot open/, 'the web role says so when it starts, not when somebody asks');

# --- stores that know less ----------------------------------------------------------------------------------------------------------
for my $less ({ conditions => 'refuses' }, { conditions => 'ignores' }, { checksums => JSON::PP::false, conditions => 'knows' }) {
	my $name = join ' ', map { "$_=" . ($less->{$_} || 'no') } sort keys %$less;
	store($less);
	my %before = objects();
	like(qx($seed 2>&1), qr/^\d+$/, "$name: a run is kept");
	($code, $out, $err) = hk('evidence', 'verify', '--case', '1');
	is($code, 0, "$name: and good") or diag $out, $err;
	my %after = objects();
	is(scalar(grep { !exists $after{$_} || $after{$_} ne $before{$_} } keys %before), 0, "$name: what was there is as it was");
}
store({ checksums => JSON::PP::true });

# --- capture, and kill -9 -----------------------------------------------------------------------------------------------------------
SKIP: {
	skip 'no chromium-headless-shell (apt-get install chromium-headless-shell)', 1 unless -x '/usr/lib/chromium/chromium-headless-shell';
	skip 'no node', 1 if system('node --version >/dev/null 2>&1') != 0;
	my $site = open2(my $from, my $to, 'node', "$FindBin::Bin/lib/site.mjs");
	my ($http) = <$from> =~ /^http (\d+)/ or die 'no site';
	my $reader = fork() // die;
	if (!$reader) {
		1 while <$from>;
		POSIX::_exit(0);
	}
	my $egress = spew("$work/egress.conf", "range = 127.0.0.1\nrange-ports = { \"80=$http\" }\nhost-rate = 1000\nhost-burst = 1000\n");
	new_house('captured', evidence => 1, egress => $egress, 'capture-time' => '4s', listen => '127.0.0.1:0', %place, blobs => 's3://mihon-evidence/house');
	store({ delay_ms => 150 });
	my $before = $count->();
	($code, $out, $err) = hk('case', 'add', 'http://www.evil-mihon.example/');
	is($code, 0, 'a case to look at') or diag $err;
	my $serve = spawn_role('serve', 'serve', '--workers', '1');
	my $owner = sub { return value("SELECT owner FROM jobs WHERE stage = 'capture' AND state = 'leased'") // '' };
	ok(until_ok('the first files', sub { $count->() > $before + 2 && $owner->() }, 120), 'a worker keeps what the browser brings') or diag slurp("$work/serve.err");
	my ($victim) = $owner->() =~ /-(\d+)-[0-9a-f]+$/;
	kill 'KILL', $victim;
	is(value("SELECT count(*) FROM runs WHERE done_ms IS NOT NULL"), 0, 'killed before the run was written down');
	store({ delay_ms => 0 });
	ok(until_ok('the run', sub { value("SELECT count(*) FROM runs WHERE done_ms IS NOT NULL") >= 1 }, 180), 'the next one does it anew') or diag slurp("$work/serve.err");
	is(stop_it($serve), 0, 'stopped in good order');
	($code, $out, $err) = hk('evidence', 'verify', '--case', '1');
	is($code, 0, 'all of it is good') or diag $out, $err;
	my %kept = objects();
	is(join(' ', misnamed(%kept)), '', 'and no object is half a one');
	is(scalar(grep { !exists $kept{"house/" . substr($_->[0], 0, 2) . "/$_->[0]"} } rows('SELECT DISTINCT lower(hex(sha256)) FROM artefacts')), 0, 'every row has its object');
	kill 'TERM', $site, $reader;
	waitpid $_, 0 for $site, $reader;
}
done_testing;
