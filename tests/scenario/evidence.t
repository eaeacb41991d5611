#!/usr/bin/perl
# databases: both
# Artefacts and chain of custody. WARC and HAR are read by readers that are not ours; a run is stamped by an authority on loopback, exported, and verified with unzip, sha256sum and
# openssl alone, as its README says. What is tampered with afterwards is found by them, and by `hikeshi evidence verify`.
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use Digest::SHA qw(sha256_hex);
use House;
use HTTP::Tiny;
use IO::Uncompress::Gunzip qw(gunzip $GunzipError);
use JSON::PP;
use Test::More;

my $build = $ENV{HK_BUILD} || "$FindBin::Bin/../../build";

# --- WARC -------------------------------------------------------------------------------------------------------------
mkdir "$work/made";
is(system("'$build/tests/unit/evidence/test_warc.t' '$work/made' >'$work/made/out'"), 0, 'a made capture is written');

# Each record is a member of its own: one after the other, with nothing between.
sub records {
	my ($path) = @_;
	my $packed = slurp_raw($path);
	my @records;
	while (length $packed) {
		my ($plain, $rest) = ('', '');
		gunzip(\$packed => \$plain, TrailingData => $rest, MultiStream => 0) or die "gunzip: $GunzipError";
		push @records, $plain;
		$packed = $rest // '';
	}
	return @records;
}
sub slurp_raw {
	open my $in, '<:raw', $_[0] or die "$_[0]: $!";
	local $/;
	return scalar <$in> // '';
}
my (%types, %ids, @bad, @concurrent);
my $cr = "\r\n";
for my $record (records("$work/made/capture.warc.gz")) {
	my ($head, $rest) = split /\r\n\r\n/, $record, 2;
	my ($version, @lines) = split /\r\n/, $head;
	my %h = map { /^([!-9;-~]+): (.*)$/s ? (lc $1 => $2) : (bad => $_) } @lines;
	push @bad, "version $version" if $version ne 'WARC/1.1';
	push @bad, "a header: $h{bad}" if exists $h{bad};
	push @bad, "length of $h{'warc-type'}" if length($rest) != $h{'content-length'} + 4 || substr($rest, -4) ne "$cr$cr";
	my $block = substr $rest, 0, $h{'content-length'};
	push @bad, "no $_" for grep { !$h{$_} } qw(warc-type warc-record-id warc-date content-length);
	push @bad, "date $h{'warc-date'}" if $h{'warc-date'} !~ /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;
	push @bad, "id twice" if $ids{ $h{'warc-record-id'} }++;
	push @bad, "id $h{'warc-record-id'}" if $h{'warc-record-id'} !~ /^<urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}>$/;
	push @bad, "block digest of $h{'warc-type'}" if $h{'warc-block-digest'} ne 'sha256:' . sha256_hex($block);
	push @bad, "a URI: $h{'warc-target-uri'}" if $h{'warc-target-uri'} && $h{'warc-target-uri'} =~ /[^!-~]/;
	push @concurrent, $h{'warc-concurrent-to'} if $h{'warc-concurrent-to'};
	$types{ $h{'warc-type'} }++;
	if ($h{'warc-type'} eq 'response') {
		my ($http, $body) = split /\r\n\r\n/, $block, 2;
		push @bad, 'payload digest' if $h{'warc-payload-digest'} ne 'sha256:' . sha256_hex($body);
		push @bad, "status line: $http" if $http !~ m{^HTTP/1\.1 \d{3} };
		push @bad, 'an encoding that is not there' if $http =~ /^(?:content|transfer)-encoding:/im;
		push @bad, 'a length that is another' if $http =~ /^content-length: *(\d+)/im && $1 != length $body;
	}
}
is(join("\n", @bad), '', 'every record is as ISO 28500 wants it');
is(join(' ', map { "$_:$types{$_}" } sort keys %types), 'metadata:5 request:5 resource:5 response:4 warcinfo:1', 'of each type as many as there should be');
is(scalar(grep { !$ids{$_} } @concurrent), 0, 'what they refer to is there');

# --- HAR --------------------------------------------------------------------------------------------------------------
# The members that the format requires (HAR 1.2), and their kinds: s string, n number, a list, o object.
my $har = decode_json(slurp_raw("$work/made/capture.har"));
my %required = (
	log => 'version:s creator:o entries:a pages:a browser:o',
	creator => 'name:s version:s',
	page => 'startedDateTime:s id:s title:s pageTimings:o',
	entry => 'startedDateTime:s time:n request:o response:o cache:o timings:o pageref:s',
	request => 'method:s url:s httpVersion:s cookies:a headers:a queryString:a headersSize:n bodySize:n',
	response => 'status:n statusText:s httpVersion:s cookies:a headers:a content:o redirectURL:s headersSize:n bodySize:n',
	content => 'size:n mimeType:s',
	postData => 'mimeType:s params:a text:s',
	pair => 'name:s value:s',
	timings => 'send:n wait:n receive:n');
my @missing;
sub kind {
	my ($value) = @_;
	return ref $value eq 'HASH' ? 'o' : ref $value eq 'ARRAY' ? 'a' : !defined $value ? '-' : JSON::PP->new->allow_nonref->encode($value) =~ /^"/ ? 's' : 'n';
}
sub need {
	my ($what, $obj) = @_;
	for (split / /, $required{$what}) {
		my ($name, $kind) = split /:/;
		push @missing, "$what.$name" if kind($obj->{$name}) ne $kind;
	}
	my %known = map { (split /:/)[0] => 1 } split / /, $required{$what};
	push @missing, "$what.$_?" for grep { !$known{$_} && !/^_|^(?:text|encoding|comment|postData|serverIPAddress)$/ } keys %$obj;
}
need(log => $har->{log});
need(creator => $har->{log}{$_}) for qw(creator browser);
need(page => $_) for @{ $har->{log}{pages} };
my %pages = map { $_->{id} => 1 } @{ $har->{log}{pages} };
for my $e (@{ $har->{log}{entries} }) {
	need(entry => $e);
	need($_ => $e->{$_}) for qw(request response timings);
	need(content => $e->{response}{content});
	need(postData => $e->{request}{postData}) if $e->{request}{postData};
	need(pair => $_) for map { @$_ } @{ $e->{request} }{qw(headers queryString)}, $e->{response}{headers};
	push @missing, 'a page' if !$pages{ $e->{pageref} };
	push @missing, "time $e->{startedDateTime}" if $e->{startedDateTime} !~ /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
	push @missing, 'the sum of the timings' if $e->{time} != $e->{timings}{send} + $e->{timings}{wait} + $e->{timings}{receive};
}
is(join("\n", @missing), '', 'every required member of HAR 1.2 is there, and none that it does not know');

# --- A house with an authority --------------------------------------------------------------------------------------
my $tsa_dir = "$work/tsa";
start("$work/tsa.out", "$work/tsa.err", 0, "$build/range/hikeshi-range", 'tsa', '--port', '0', '--dir', $tsa_dir);
until_ok('the authority', sub { slurp("$work/tsa.out") =~ /"port":\d+/ }) or die slurp("$work/tsa.err");
my ($port) = slurp("$work/tsa.out") =~ /"port":(\d+)/;
sub fault { HTTP::Tiny->new->post("http://127.0.0.1:$port/control?fault=$_[0]")->{success} or die 'no control' }
my $egress = spew("$work/egress.conf", "range = 127.0.0.1\nrange-ports = { \"80=$port\" }\nstop-file = \"$work/stop\"\n");
my $dir = new_house('custody', egress => $egress, tsa => 'http://tsa.example/', 'tsa-ca' => "$tsa_dir/ca.pem");
my ($code, $out, $err) = hk('case', 'add', 'https://evil.example/');
is($code, 0, 'a case') or diag $err;
($code, $out, $err) = hk('evidence', 'export', '1', '--out', "$work/none.zip");
is($code, 66, 'no evidence yet: nothing to export');
ok(!-e "$work/none.zip" && !-e "$work/none.zip.tmp", 'and no file');

sub seed { my $run = qx('$build/tests/evidence_seed' '$House::database' '$dir/audit.key' '$dir/blobs' 1 2>&1); chomp $run; return $run }
my $run = seed();
like($run, qr/^\d+$/, 'a run');

# While the kill switch is on, nothing that goes out is begun, and nothing is given up.
spew("$work/stop", '');
my $killed = spawn_role('killed', 'work', '--pools', 'work');
ok(until_ok('upkeep', sub { value("SELECT COUNT(*) FROM jobs WHERE stage = 'sweep' AND state = 'ready' AND due_ms > " . 1000 * time) == 1 }), 'the kill switch: what stays inside is done') or diag slurp("$work/killed.err");
is(value("SELECT COUNT(*) FROM jobs WHERE stage IN ('stamp', 'enrich') AND (state <> 'ready' OR attempts > 0)"), 0, 'what goes out waits');
is(value("SELECT COUNT(*) FROM jobs WHERE stage = 'stamp' AND state = 'ready'"), 1, 'the stamp, too');
stop_it($killed);
unlink "$work/stop";

# The stamp: an authority that lies is found out; one that comes back is asked again.
fault('nonce');
my $worker = spawn_role('work', 'work', '--pools', 'work');
ok(until_ok('a dead letter', sub { value("SELECT COUNT(*) FROM jobs WHERE stage = 'stamp' AND state = 'dead'") == 1 }), 'a stamp with another nonce is not taken') or diag slurp("$work/work.err");
like(value("SELECT stamp_why FROM runs WHERE id = $run"), qr/nonce/, 'and the run says why it has none');
is(value("SELECT COUNT(*) FROM runs WHERE stamp IS NOT NULL"), 0, 'it has none');
stop_it($worker);
($code, $out, $err) = hk('evidence', 'export', '1', '--out', "$work/bare.zip");
is($code, 0, 'a run without a stamp is exported') or diag $err;
($code, $out, $err) = hk('evidence', 'verify', "$work/bare.zip");
is($code, 0, 'and verified') or diag $out, $err;
like($out, qr/run $run: 2 visits, 8 files, no time stamp/, 'which is told');
fault('none');
change("UPDATE jobs SET state = 'ready', due_ms = 0 WHERE stage = 'stamp'");
$worker = spawn_role('work2', 'work', '--pools', 'work');
ok(until_ok('the stamp', sub { value("SELECT COUNT(*) FROM runs WHERE stamp IS NOT NULL") == 1 }), 'stamped') or diag slurp("$work/work2.err");
stop_it($worker);
is(value("SELECT COUNT(*) FROM runs WHERE stamp IS NOT NULL AND stamp_why IS NULL"), 1, 'no reason is left');
like(value("SELECT data FROM events WHERE act = 'run.stamp'"), qr/"signer":"Range Time Stamps"/, 'audited');

# --- Export, and the plain tools -----------------------------------------------------------------------------------
my $zip = "$work/case.zip";
($code, $out, $err) = hk('evidence', 'export', '1', '--out', $zip);
is($code, 0, 'exported') or diag $err;
my $told = decode_json($out);
is($told->{sha256}, sha256_hex(slurp_raw($zip)), 'its hash is told');
is($told->{files}, 8, 'with its files');
like(value("SELECT data FROM events WHERE act = 'case.evidence_export' ORDER BY seq DESC LIMIT 1"), qr/"sha256":"$told->{sha256}"/, 'and is in the audit chain');
is((stat $zip)[2] & 0777, 0600, 'for its owner only');
is(system("unzip -tq '$zip' >/dev/null"), 0, 'unzip finds nothing wrong');
my $x = "$work/x";

sub unpacked { system("rm -rf '$x' && mkdir '$x' && cd '$x' && unzip -q '$zip'") == 0 or die 'unzip' }
# What the README tells a stranger to do: the three checks, '' when all is well.
sub plain {
	my @wrong;
	push @wrong, 'sums' if system("cd '$x' && sha256sum --quiet -c SHA256SUMS >/dev/null 2>&1");
	for my $r (glob "'$x'/runs/*") {
		push @wrong, 'stamp' if system("openssl ts -verify -data '$r/manifest.json' -in '$r/manifest.tsr' -CAfile '$tsa_dir/ca.pem' -untrusted '$r/tsa-chain.pem' >'$work/ts.out' 2>&1");
	}
	# By the README's own words.
	my ($third) = slurp("$x/README.txt") =~ /^3\. .*?\n\n(.*?)\n\n/ms;
	spew("$work/third.sh", $third);
	my @bad = grep { !/: OK$/ } split /\n/, qx(cd '$x' && sh '$work/third.sh' 2>/dev/null);
	push @wrong, "files: @bad" if @bad || $third !~ /sha256sum/;
	return join ' ', @wrong;
}
# The folder as a zip file again, and what hikeshi says of it.
sub ours {
	unlink "$work/again.zip";
	system("cd '$x' && zip -q -X -D -r '$work/again.zip' .") == 0 or die 'zip';
	my ($code, $out, $err) = hk('evidence', 'verify', "$work/again.zip");
	return ($code, $out . $err);
}
unpacked();
is(plain(), '', 'the plain tools find nothing wrong');
my ($readme) = slurp("$x/README.txt");
like($readme, qr/sha256sum -c SHA256SUMS/, 'a README says how');
like($readme, qr/@{[ do { my $t = '日本語'; utf8::encode($t); $t } ]}/, 'in Japanese, too');
is(scalar(grep { decode_json($_)->{mac} =~ /^[0-9a-f]{64}$/ } split /\n/, slurp("$x/audit.jsonl")), value('SELECT COUNT(*) FROM events WHERE case_id = 1') - 1, 'the audit rows of the case with their MACs, but for that of this export');
($code, $out, $err) = hk('evidence', 'verify', $zip);
is($code, 0, 'so does hikeshi') or diag $out, $err;
like($out, qr/run $run: 2 visits, 8 files, stamped \S+ by Range Time Stamps\n.*good: 1 runs, 8 files, 1 time stamps/s, 'and says what it looked at');
my ($again_code, $again_out) = ours();
is($again_code, 0, 'packed by zip, it is good, too') or diag $again_out;
($code, $out, $err) = hk('evidence', 'verify', '--case', '1');
is($code, 0, 'so is what lies here') or diag $out, $err;
my ($own) = qx('$CtFollow::hikeshi' evidence verify '$zip' --config /dev/null 2>&1);
like($own, qr/tsa-ca\.pem in the file itself/, 'without an authority of our own, that of the file is taken, and told');

# --- Tampering -----------------------------------------------------------------------------------------------------
my $visit = "runs/$run/00-iphone-sms-1";
sub sums_anew { system("cd '$x' && find . -type f ! -name SHA256SUMS | sed 's,^\\./,,' | xargs sha256sum >SHA256SUMS") == 0 or die 'sums' }
sub flip { my $text = slurp_raw("$x/$_[0]"); substr($text, -20, 1) ^= "\x01"; open my $o, '>:raw', "$x/$_[0]" or die; print $o $text; close $o }
sub tampered {
	my ($what, $do, $plain, $ours) = @_;
	for my $clever (0, 1) {
		unpacked();
		$do->();
		sums_anew() if $clever;
		my $found = plain();
		$clever ? like($found, $plain, "$what, sums made anew: the plain tools find it") : like($found, qr/sums/, "$what: the sums find it");
		my ($code, $out) = ours();
		is($code, 65, "$what: so does hikeshi");
		like($out, $ours, "$what: it says what");
	}
}
tampered('an artefact', sub { flip("$visit/dom.html") }, qr/files: 00-iphone-sms-1\/dom\.html/, qr/WRONG $visit\/dom\.html: its SHA-256 is not the manifest's/);
tampered('a manifest', sub { my $m = slurp_raw("$x/runs/$run/manifest.json"); $m =~ s/"operator":"auto"/"operator":"mika"/ or die; open my $o, '>:raw', "$x/runs/$run/manifest.json"; print $o $m; close $o },
	qr/stamp/, qr/WRONG runs\/$run\/manifest\.tsr: the time stamp is not good/);
tampered('a stamp', sub { flip("runs/$run/manifest.tsr") }, qr/stamp/, qr/WRONG runs\/$run\/manifest\.tsr: /);
tampered('an artefact of another visit', sub { system("cp '$x/runs/$run/01-desktop-sms-1/dom.html' '$x/$visit/dom.html'") }, qr/files: 00-iphone-sms-1\/dom\.html/, qr/WRONG $visit\/dom\.html: 5008 bytes, the manifest says 5007/);
tampered('a missing file', sub { unlink "$x/$visit/viewport.png" }, qr/files: 00-iphone-sms-1\/viewport\.png/, qr/WRONG $visit\/viewport\.png: missing/);
unpacked();
spew("$x/$visit/more.html", 'x');
sums_anew();
($code, $out) = ours();
is($code, 65, 'a file that was added is found by hikeshi');
like($out, qr/WRONG $visit\/more\.html: no manifest names it/, 'which names it');

# The authority of the file itself: its text, wherever the certificate begins in it, and never the name of a file of ours.
sub own_authority {
	my ($text) = @_;
	unpacked();
	spew("$x/tsa-ca.pem", $text);
	sums_anew();
	unlink "$work/own.zip";
	system("cd '$x' && zip -q -X -D -r '$work/own.zip' .") == 0 or die 'zip';
	my $out = qx(timeout 60 '$CtFollow::hikeshi' evidence verify '$work/own.zip' --config /dev/null 2>&1);
	return ($? >> 8, $out);
}
($code, $out) = own_authority("# the authority of the range\n" . slurp("$tsa_dir/ca.pem"));
is($code, 0, 'text in front of a certificate is passed over') or diag $out;
like($out, qr/, 1 time stamps$/m, 'and the stamp is checked against it');
($code, $out) = own_authority("$tsa_dir/ca.pem");
is($code, 65, 'the name of a file is no certificate');
like($out, qr/WRONG tsa-ca\.pem: there is no certificate in it/, 'which is told');
like($out, qr/a time stamp that was not checked/, 'and the file is not read');
is((own_authority('/dev/zero'))[0], 65, 'nor one without an end');
# What the audit trail tells of must be there, whatever the sums say.
unpacked();
unlink "$x/runs/$run/manifest.tsr", "$x/runs/$run/tsa-chain.pem";
sums_anew();
($code, $out) = ours();
is($code, 65, 'a time stamp that was taken away, sums made anew');
like($out, qr{WRONG runs/$run/manifest\.tsr: missing, the audit trail tells of a time stamp}, 'is missed');
unpacked();
system("rm -r '$x/runs/$run'");
sums_anew();
($code, $out) = ours();
is($code, 65, 'a run that was taken away, sums made anew');
like($out, qr{WRONG runs/$run/manifest\.json: missing, the audit trail tells of it}, 'is missed');
unpacked();
unlink "$x/audit.jsonl";
sums_anew();
is((ours())[0], 65, 'and so is an audit trail');

# What a file is once is enough to know: a list that names a large one a million times would be days of work.
unpacked();
my ($line) = slurp("$x/SHA256SUMS") =~ m{^(\S+  $visit/dom\.html\n)}m;
spew("$x/SHA256SUMS", slurp("$x/SHA256SUMS") . $line x 20000);
($code, $out) = ours();
is($code, 65, 'a file that SHA256SUMS names again and again');
like($out, qr{WRONG $visit/dom\.html: twice in SHA256SUMS}, 'is told');
is(scalar(() = $out =~ /^WRONG /mg), 10001, 'but not for ever');
my $cut = spew("$work/cut.zip", substr slurp_raw($zip), 0, -100);
($code, $out, $err) = hk('evidence', 'verify', $cut);
is($code, 65, 'half a file is none');

# What lies here.
my ($sha) = slurp("$work/x/runs/$run/manifest.json") =~ /"path":"00-iphone-sms-1\/dom\.html","sha256":"([0-9a-f]{64})"/;
my $blob = "$dir/blobs/" . substr($sha, 0, 2) . "/$sha";
my $was = slurp_raw($blob);
chmod 0600, $blob;
spew($blob, $was . ' ');
($code, $out, $err) = hk('evidence', 'verify', '--case', '1');
is($code, 65, 'a blob that was changed');
like($out, qr/WRONG $visit\/dom\.html: /, 'is named');
($code, $out, $err) = hk('evidence', 'export', '1', '--out', "$work/no.zip");
is($code, 65, 'and not exported');
ok(!-e "$work/no.zip" && !-e "$work/no.zip.tmp", 'not in part either');
spew($blob, $was);
sub change {
	my ($sql) = @_;
	system($House::database =~ /^postgres/ ? ('psql', '-qX', $House::database, '-c', $sql) : ('sqlite3', $House::database, $sql));
}
# A merge takes runs along (store/merges); what a manifest says stays.
($code, $out, $err) = hk('case', 'add', 'https://evil2.example/');
is($code, 0, 'another case') or diag $err;
change("UPDATE runs SET case_id = 2 WHERE id = $run");
($code, $out, $err) = hk('evidence', 'verify', '--case', '2');
is($code, 0, 'a run that came by a merge is good') or diag $out, $err;
like($out, qr/run $run: it was made for case 1\n.*good: 1 runs, 8 files/s, 'and its case is told');
($code, $out, $err) = hk('evidence', 'verify', '--case', '1');
is($code, 0, 'nothing is missed where it came from') or diag $out, $err;
($code, $out, $err) = hk('evidence', 'export', '2', '--out', "$work/two.zip");
is($code, 0, 'it is exported with the case that has it') or diag $err;
like(scalar(qx(unzip -p '$work/two.zip' audit.jsonl)), qr/"act":"run\.finish"/, 'and what the audit trail tells of it');
($code, $out, $err) = hk('evidence', 'verify', "$work/two.zip");
is($code, 0, 'which is good') or diag $out, $err;
change("UPDATE runs SET case_id = 1 WHERE id = $run");
# Rows that do not say any more what the audit trail says.
change("CREATE TABLE kept AS SELECT manifest, stamp FROM runs WHERE id = $run");
change("UPDATE runs SET stamp = NULL WHERE id = $run");
($code, $out, $err) = hk('evidence', 'verify', '--case', '1');
is($code, 65, 'a time stamp that was taken away');
like($out, qr{WRONG runs/$run/manifest\.tsr: missing, the audit trail tells of a time stamp}, 'is missed');
change("UPDATE runs SET manifest = NULL WHERE id = $run");
($code, $out, $err) = hk('evidence', 'verify', '--case', '1');
is($code, 65, 'a manifest that was taken away');
like($out, qr{WRONG runs/$run/manifest\.json: missing, the audit trail tells of it}, 'is missed');
change("UPDATE runs SET manifest = (SELECT manifest FROM kept), stamp = (SELECT stamp FROM kept) WHERE id = $run");
change('DROP TABLE kept');
($code, $out, $err) = hk('evidence', 'verify', '--case', '1');
is($code, 0, 'with both back it is good') or diag $out, $err;
my $update = "UPDATE artefacts SET name = 'other.png' WHERE position = 2 AND capture_id = (SELECT MIN(id) FROM captures)";
change($update);
($code, $out, $err) = hk('evidence', 'verify', '--case', '1');
is($code, 65, 'a row that was changed');
like($out, qr/WRONG run $run: in the database, not in the manifest: other\.png/, 'is told');
like($out, qr/WRONG run $run: in the manifest, not in the database: viewport\.png/, 'from both sides');
($code, $out, $err) = hk('evidence', 'verify', '--case', '77');
is($code, 66, 'there is no such case');

# --- An authority that is not there yet --------------------------------------------------------------------------------
my $late_dir = "$work/late-tsa";
my $late = start("$work/late.out", "$work/late.err", 0, "$build/range/hikeshi-range", 'tsa', '--port', '0', '--dir', $late_dir);
until_ok('the authority', sub { slurp("$work/late.out") =~ /"port":\d+/ }) or die slurp("$work/late.err");
my ($late_port) = slurp("$work/late.out") =~ /"port":(\d+)/;
stop_it($late);
my %bare = (egress => spew("$work/late.conf", "range = 127.0.0.1\nrange-ports = { \"80=$late_port\" }\n"));
$dir = new_house('late', %bare);
my $without = $config;
my $with = spew("$dir/with.conf", slurp($config) . "tsa = \"http://tsa.example/\"\ntsa-ca = \"$late_dir/ca.pem\"\n");
($code, $out, $err) = hk('case', 'add', 'https://evil.example/');
$run = seed();
sub job { return value("SELECT state FROM jobs WHERE stage = 'stamp' AND key = '$run' ORDER BY id DESC LIMIT 1") }
sub stamp_why { return value("SELECT COALESCE(stamp_why, '') FROM runs WHERE id = $run") }
sub work_until {
	my ($name, $conf, $what, $check) = @_;
	$config = $conf;
	my $worker = spawn_role($name, 'work', '--pools', 'work');
	ok(until_ok($what, $check), $what) or diag slurp("$work/$name.err");
	stop_it($worker);
}
work_until('bare', $without, 'without an authority the job is done', sub { job() eq 'done' });
like(stamp_why(), qr/no time-stamping authority is configured/, 'and the run says why it has no stamp');
work_until('named', $with, 'once one is named, it is asked', sub { job() eq 'ready' && (value("SELECT attempts FROM jobs WHERE stage = 'stamp' AND state = 'ready'") // 0) > 0 });
unlike(stamp_why(), qr/no time-stamping authority is configured/, 'it is away: '. stamp_why());
start("$work/late2.out", "$work/late2.err", 0, "$build/range/hikeshi-range", 'tsa', '--port', $late_port, '--dir', $late_dir);
until_ok('the authority', sub { slurp("$work/late2.out") =~ /"port":\d+/ }) or die slurp("$work/late2.err");
rows("UPDATE jobs SET due_ms = 0 WHERE stage = 'stamp' AND state = 'ready'"); # an hour later
work_until('there', $with, 'when it is there, the run is stamped', sub { value("SELECT COUNT(*) FROM runs WHERE id = $run AND stamp IS NOT NULL AND stamp_why IS NULL") == 1 });
rows("UPDATE jobs SET due_ms = 0 WHERE stage = 'sweep'");
work_until('after', $with, 'and later sweeps', sub { (value("SELECT due_ms FROM jobs WHERE stage = 'sweep' AND state = 'ready'") // 0) > 0 });
is(value("SELECT COUNT(*) FROM jobs WHERE stage = 'stamp' AND state <> 'done'"), 0, 'ask for no more');
done_testing;
