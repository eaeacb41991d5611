#!/usr/bin/perl
# databases: both
# Feeds against the range: every format, every fault, growth, shrinking, kill -9 in the middle, wrong files. Nothing is lost, nothing is
# doubled.
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use House;
use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep);

$CtFollow::deadline_s = 240;
binmode Test::More->builder->$_, ':utf8' for qw(output failure_output todo_output);

# start_feeds(name, option...): feeds that are ready: {url, csv, ..., truth, requests, secret, pid}.
sub start_feeds {
	my ($name, @options) = @_;
	my $dir = "$work/feeds-$name";
	my $feeds = { name => $name, truth => "$dir.truth", requests => "$dir.requests" };
	$feeds->{pid} = CtFollow::start("$dir.out", "$dir.err", 0, $CtFollow::range, 'feeds', '--dir', $dir, '--truth', $feeds->{truth},
		'--request-log', $feeds->{requests}, @options);
	until_ok("feeds $name are ready", sub { slurp("$dir.out") =~ /\n/ }) or die slurp("$dir.err");
	my $ready = decode_json((split /\n/, slurp("$dir.out"))[0]);
	$feeds->{$_} = $ready->{$_} for keys %$ready;
	($feeds->{secret}) = slurp($ready->{token_file}) =~ /(\S+)/;
	return $feeds;
}

# The values that a feed must give.
sub truth {
	my ($feeds, $first) = @_;
	my @items = map { decode_json($_) } split /\n/, slurp($feeds->{truth});
	my @values = sort map { $_->{value} } grep { !$_->{odd} && $_->{n} >= ($first // 0) } @items;
	return @values;
}

sub asked { return map { decode_json($_) } split /\n/, slurp($_[0]{requests}) }

my $dir = new_house('feed', feeds => "$work/feed/feeds");
mkdir "$dir/feeds" or die;

sub feed {
	my ($name, $text) = @_;
	return spew("$dir/feeds/$name.conf", $text);
}

# poll(name): (exit code, the object that it prints, standard error).
sub poll {
	my ($name) = @_;
	my ($code, $out, $err) = hk('feed', 'poll', $name);
	return ($code, $out =~ /^\{/ ? decode_json($out) : {}, $err);
}

sub stored {
	my ($name) = @_;
	my @values = sort map { $_->[0] } rows("SELECT COALESCE(s.url, s.host) FROM sightings s JOIN sources o ON o.id = s.source_id WHERE o.key = 'feed:$name'");
	return @values;
}

sub source {
	my ($name) = @_;
	my ($row) = rows("SELECT trust, position, health FROM sources WHERE key = 'feed:$name'");
	return { trust => $row->[0], position => decode_json($row->[1]), health => decode_json($row->[2]) };
}

# --- every format, against the truth ---
my $range = start_feeds('one', '--size', '300', '--odd-every', '7', '--page', '30');
my %fields = (
	csv => "field-url = url\nfield-host = host\nfield-time = first_seen\nfield-target = target\nfield-tags = tags\nfield-confidence = confidence\n",
	jsonl => "field-url = indicator.url\nfield-host = indicator.host\nfield-time = seen\nfield-target = brand\nfield-confidence = confidence\n",
	text => '', misp => '', stix => '', taxii => '');
for my $format (sort keys %fields) {
	feed($format, "format = $format\nurl = \"$range->{$format}\"\ntrust = 0.8\n$fields{$format}");
	my ($code, $got, $err) = poll($format);
	is($code, 0, "$format: is read") or diag $err;
	is($got->{fresh}, scalar(truth($range)), "$format: as many sightings as there are items");
	is_deeply([stored($format)], [truth($range)], "$format: and these");
	is(source($format)->{trust}, 0.8, "$format: its trust");
	is(source($format)->{health}{last_error}, undef, "$format: is well");
	($code, $got, $err) = poll($format);
	is("$code $got->{fresh}", '0 0', "$format: again: nothing new");
	is((asked($range))[-1]{status}, 304, "$format: not even a body") if $format ne 'taxii';
}
my ($jobs) = value("SELECT COUNT(*) FROM jobs WHERE stage = 'sighting'");
is($jobs, 6 * truth($range), 'a job for each sighting');
my ($row) = rows("SELECT s.score, s.data FROM sightings s JOIN sources o ON o.id = s.source_id WHERE o.key = 'feed:csv' ORDER BY s.id LIMIT 1");
is($row->[0], 0.4, 'the score is trust times confidence');
like($row->[1], qr/"their_target":"/, 'what the feed said is kept');
is(grep({ $_->[0] =~ /"tlp":"(green|amber)"/ } rows("SELECT s.data FROM sightings s JOIN sources o ON o.id = s.source_id WHERE o.key IN ('feed:misp','feed:stix','feed:taxii')")),
	3 * truth($range), 'TLP markings, too');

# --- growth, shrinking ---
control($range, 'grow?entries=25');
control($range, 'shrink?entries=100');
my $before = () = asked($range);
for my $format (sort keys %fields) {
	my ($code, $got, $err) = poll($format);
	is("$code $got->{fresh}", '0 ' . truth($range, 300), "$format: grown and shrunk: only what is new") or diag $err;
	is_deeply([stored($format)], [truth($range)], "$format: nothing is forgotten");
}
my @since = (asked($range))[$before .. (() = asked($range)) - 1];
is(scalar(grep { $_->{path} =~ m{/misp/[0-9a-f-]+\.json} } @since), 2, 'misp: only the events that changed are fetched');
is(scalar(grep { ($_->{added_after} // '') gt '2026-01-01T04' } @since), 1, 'taxii: and only what was added since');
control($range, 'stop');

# --- faults ---
my $bad = start_feeds('bad', '--size', '40', '--gzip', 'always');
for my $format (qw(csv stix misp taxii)) {
	(my $text = "format = $format\nurl = \"$bad->{$format}\"\nmax-bytes = 1M\n$fields{$format}");
	feed("bad-$format", $text);
}
my @faults = (
	['401', 77, qr/credentials/], ['404', 66, qr/404/], ['429::7', 75, qr/429/], ['429::date', 75, qr/429/], ['5xx::500', 69, qr/500/],
	['5xx::503', 75, qr/503/], ['302', 69, qr/302; redirects are not followed/], ['304', 69, qr/304/], ['drop', 69, qr/./],
	['html', 65, qr/a web page/], ['truncate@reads', 69, qr/./], ['corrupt-gzip@reads', 69, qr/gzip/], ['oversize::3', 65, qr/longer/],
);
for my $fault (@faults) {
	control($bad, 'clear');
	control($bad, 'fault', $fault->[0]);
	for my $format (qw(csv misp taxii)) {
		my ($code, undef, $err) = poll("bad-$format");
		is($code, $fault->[1], "$format: $fault->[0]") or diag $err;
		like($err, $fault->[2], 'says so');
		my $health = source("bad-$format")->{health};
		ok($health->{last_error} && $health->{failures} > 0, 'and in its health');
	}
}
is(value("SELECT COUNT(*) FROM sightings s JOIN sources o ON o.id = s.source_id WHERE o.key LIKE 'feed:bad-%'"), 0, 'no sighting of any of them');
control($bad, 'clear');
control($bad, 'fault', '429::1800');
my ($code, $got, $err) = poll('bad-csv');
cmp_ok($got->{next_ms}, '>=', 1_800_000, 'Retry-After is heeded');
control($bad, 'clear');
stop_it($bad->{pid});
$bad = start_feeds('plain', '--size', '40', '--gzip', 'never');
feed("plain-$_", "format = $_\nurl = \"$bad->{$_}\"\n$fields{$_}") for qw(csv stix misp taxii);
control($bad, 'fault', 'bad-json@reads');
for my $format (qw(stix misp taxii)) {
	($code, $got, $err) = poll("plain-$format");
	is($code, 65, "$format: JSON that is cut") or diag $err;
}
control($bad, 'clear');
control($bad, 'fault', "gzip-unasked\nslow\@reads:1:20");
for my $format (qw(csv stix misp taxii)) {
	($code, $got, $err) = poll("plain-$format");
	is("$code $got->{fresh}", '0 40', "$format: slow, and packed without being asked") or diag $err;
	is(source("plain-$format")->{health}{failures}, 0, 'well again');
}
stop_it($bad->{pid});

# --- servers without validators, with credentials ---
my $shy = start_feeds('shy', '--size', '20', '--no-etag', '--login', 'Bearer s3cret');
feed('shy', "format = text\nurl = \"$shy->{text}\"\nlogin-file = ../shy.login\n");
spew("$dir/shy.login", "bearer s3cret\n");
chmod 0644, "$dir/shy.login";
($code, $got, $err) = poll('shy');
is($code, 78, 'credentials that others may read are refused');
unlike($err, qr/s3cret/, 'and not told');
chmod 0600, "$dir/shy.login";
($code, $got, $err) = poll('shy');
is("$code $got->{fresh}", '0 20', 'credentials are sent') or diag $err;
($code, $got, $err) = poll('shy');
is("$code $got->{fresh} $got->{items}", '0 0 0', 'the same body again is not even looked at');
spew("$dir/shy.login", "bearer wrong\n");
is((poll('shy'))[0], 77, 'wrong credentials');
is(grep({ $_->[0] =~ /s3cret/ } rows("SELECT position || health FROM sources")), 0, 'no credentials in the database');
feed('shy-taxii', "format = taxii\nurl = \"$shy->{taxii}\"\nlogin-file = ../shy.login\n");
spew("$dir/shy.login", "bearer s3cret\n");
($code, $got, $err) = poll('shy-taxii');
is("$code $got->{fresh}", '0 20', 'TAXII that does not say when objects were added') or diag $err;
($code, $got, $err) = poll('shy-taxii');
is("$code $got->{fresh} $got->{leads}", '0 0 20', 'is read from the beginning, and gives nothing twice');
stop_it($shy->{pid});
my $bare = start_feeds('bare', '--size', '100', '--page', '30', '--no-next');
feed('bare', "format = taxii\nurl = \"$bare->{url}api1/\"\n");
($code, $got, $err) = poll('bare');
is($code, 0, 'TAXII pages without next') or diag $err;
is_deeply([stored('bare')], [truth($bare)], 'none is lost between two pages of one moment');
stop_it($bare->{pid});
$bare = start_feeds('stuck', '--size', '100', '--page', '10', '--no-next');
feed('stuck', "format = taxii\nurl = \"$bare->{url}api1/\"\n");
($code, $got, $err) = poll('stuck');
is($code, 69, 'pages that do not move on are not asked for ever');
like($err, qr/the same one again/, 'and told');
stop_it($bare->{pid});

# --- single events missing, a server that fails between pages ---
my $weak = start_feeds('weak', '--size', '400', '--page', '20', '--odd-every', '9');
feed('weak-misp', "format = misp\nurl = \"$weak->{misp}manifest.json\"\n");
feed('weak-taxii', "format = taxii\nurl = \"$weak->{url}api1/\"\ncollections = { Phishing }\n");
control($weak, 'fault', '404@entries:every-4');
($code, $got, $err) = poll('weak-misp');
is($code, 66, 'missing events are told') or diag $err;
cmp_ok($got->{fresh}, '>', 200, 'and do not keep the others away');
control($weak, 'clear');
($code, $got, $err) = poll('weak-misp');
is_deeply([stored('weak-misp')], [truth($weak)], 'they come later');
control($weak, 'fault', '5xx@entries:every-5');
my $tries = 0;
do { ($code) = poll('weak-taxii') } while ($code != 0 && ++$tries < 30);
is($code, 0, 'a server that fails between pages is read in the end');
cmp_ok($tries, '>', 1, 'after some tries');
is_deeply([stored('weak-taxii')], [truth($weak)], 'nothing is lost, nothing doubled');
stop_it($weak->{pid});

# --- kill -9 ---
my $big = start_feeds('big', '--size', '20000', '--odd-every', '100', '--page', '1000');
for my $format (qw(csv taxii)) {
	feed("big-$format", "format = $format\nurl = \"$big->{$format}\"\n$fields{$format}");
	my $count = "SELECT COUNT(*) FROM sightings s JOIN sources o ON o.id = s.source_id WHERE o.key = 'feed:big-$format'";
	my $had = 0;
	my $kills = 0;
	for (1 .. 4) {
		my $pid = CtFollow::start("$work/kill.out", "$work/kill.err", 0, $CtFollow::hikeshi, 'feed', 'poll', "big-$format", '--config', $config);
		until_ok('it goes on', sub { value($count) > $had || waitpid($pid, 1) == $pid }) or diag slurp("$work/kill.err");
		sleep rand 0.3;
		$kills++ if kill 0, $pid;
		kill_it($pid);
		my $has = value($count);
		cmp_ok($has, '>', $had, "$format: killed, and what was written stays ($has)");
		$had = $has;
	}
	cmp_ok($kills, '>', 0, "$format: it was killed in the middle");
	($code, $got, $err) = poll("big-$format");
	is($code, 0, "$format: the last run") or diag $err;
	is_deeply([stored("big-$format")], [truth($big)], "$format: nothing is lost, nothing doubled");
	is(value("SELECT COUNT(*) FROM jobs WHERE stage = 'sighting'"), value('SELECT COUNT(*) FROM sightings'), "$format: each with its job");
}
stop_it($big->{pid});

# --- at its own pace, in watch ---
my $live = start_feeds('live', '--size', '30', '--rate', '2');
mkdir "$dir/live" or die;
spew("$dir/live/live.conf", "format = text\nurl = \"$live->{text}\"\npoll = 10s\n");
spew("$dir/live/off.conf", "format = text\nurl = \"$live->{text}\"\npoll = 10s\nenabled = no\n");
my $count = "SELECT COUNT(*) FROM sightings s JOIN sources o ON o.id = s.source_id WHERE o.key = 'feed:live'";
my $watch = spawn_role('watch', 'watch', '--feeds', "$dir/live");
ok(until_ok('the first look', sub { value($count) >= 30 }), 'watch looks at once') or diag slurp("$work/watch.err");
my $seen = value($count);
ok(until_ok('the next look', sub { value($count) > $seen }), 'and again') or diag slurp("$work/watch.err");
control($live, 'fault', 'slow@reads:1:60000');
ok(until_ok('a slow answer', sub { grep { ($_->{fault} // '') eq 'slow' } asked($live) }), 'a server that takes its time');
is(stop_it($watch), 0, 'SIGTERM does not wait for it') or diag slurp("$work/watch.err");
is(source('live')->{health}{failures}, 0, 'and it is not the feed that failed');
is(value("SELECT COUNT(*) FROM sources WHERE key = 'feed:off'"), 0, 'a feed that is not enabled is left alone');
stop_it($live->{pid});

# --- a file, the dry run, wrong words ---
my $own = spew("$dir/own.txt", "# ours\nhxxps://login-mihon-bank[.]example/a\nmihonbank.test\n127.0.0.1\n10.0.0.0/8\n203.0.113.9/32\n");
feed('own', "format = text\nfile = ../own.txt\ntarget = mihon-bank\n");
my ($dry, $lines, $told) = hk('feed', 'read', '--dry-run', "$dir/feeds/own.conf");
is($dry, 0, 'a dry run') or diag $told;
is_deeply([map { my $l = decode_json($_); $l->{url} // $l->{host} } split /\n/, $lines],
	['https://login-mihon-bank.example/a', 'mihonbank.test', '203.0.113.9'], 'prints what would be taken');
is_deeply(decode_json($told)->{odd}, { private => { count => 1, first => 'line 4' }, range => { count => 1, first => 'line 5' } }, 'and why not the rest');
is(value("SELECT COUNT(*) FROM sources WHERE key = 'feed:own'"), 0, 'and writes nothing');
is((poll('own'))[1]{fresh}, 3, 'for real');
spew($own, slurp($own) . "new-mihon-bank.example\n");
is((poll('own'))[1]{fresh}, 1, 'a file that grew');
is((poll('own'))[1]{items}, 0, 'a file that did not');
is((hk('feed', 'check', "$dir/feeds/own.conf"))[0], 0, 'check: right');
my $wrong = spew("$work/wrong.conf", "format = text\n\nurl = \"http://feeds.mihon-bank.example/\"\n");
($code, my $out, $err) = hk('feed', 'check', $wrong);
is($code, 78, 'check: wrong');
like($err, qr{wrong\.conf:3: 'url' is refused: .*plain http}, 'with file and line');
($code, $out, $err) = hk('feed', 'poll', 'nobody');
is($code, 66, 'an unknown feed');
spew("$dir/feeds/twice.conf", "name = own\nformat = text\nfile = x\n");
($code, $out, $err) = hk('feed', 'poll', 'own');
is($code, 78, 'two feeds of one name');
is((hk('feed', 'read'))[0], 64, 'no file');
for my $example (glob "$FindBin::Bin/../../conf/feeds/*.conf") {
	($code, $out, $err) = hk('feed', 'check', $example);
	is($code, 0, "$example is right") or diag $err;
	like($out, qr/"enabled":false/, 'and does nothing until somebody says so');
}
done_testing();
