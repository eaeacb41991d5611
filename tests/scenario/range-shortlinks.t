#!/usr/bin/perl
# hikeshi-range shortlinks: each way in which a link leads on, hops, loops, dead ends, landings that move, HEAD, TLS, and the log of who asked.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use HTTP::Tiny;
use JSON::PP;
use Test::More;

my $src = "$FindBin::Bin/../..";
my $iphone = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X)';
my $http = HTTP::Tiny->new(timeout => 60);

spew("$work/links", <<'END');
# links of this test
/a 301 http://landing.range.test/?q="a"&b='c'
/b 302 http://t.range.test/a
/c tco https://t.range.test/b no-head
other.range.test/a meta http://elsewhere.range.test/
END
my $pid = start("$work/out", "$work/err", 0, $CtFollow::range, 'shortlinks', '--links', "$work/links", '--dir', "$work/ca");
until_ok('it is ready', sub { slurp("$work/out") =~ /\n/ }) or BAIL_OUT(slurp("$work/err"));
my $ready = decode_json(slurp("$work/out"));
my $url = $ready->{url};

# visit(link, curl option...): {status, location, refresh, body}.
sub visit {
	my ($link, @options) = @_;
	my ($host, $path) = $link =~ m{^([^/]*)(/.*)$};
	my @command = ('curl', '-s', '-q', '--noproxy', '*', '--max-time', '60', '-i', '-A', 'test/1', '-H', 'Host: ' . ($host || 't.range.test'), @options, "$url$path");
	open my $from, '-|', @command or die;
	local $/;
	my ($head, $body) = split /\r\n\r\n/, (<$from> // ''), 2;
	close $from;
	$head //= '';
	my %a = (status => $head =~ m{^HTTP/1\.1 (\d+)} ? $1 : 0, body => $body // '');
	$a{lc $1} = $2 while $head =~ /^([\w-]+): (.*?)\r?$/mg;
	return \%a;
}
sub links_control {
	my ($method, $what) = @_;
	my $answer = $http->request($method, "$url/-/$what");
	return $answer->{status} == 200 ? decode_json($answer->{content}) : { status => $answer->{status}, %{ decode_json($answer->{content}) } };
}
sub escape { my ($text) = @_; $text =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ge; return $text }
sub set { my ($link, $kind, $to) = @_; return links_control('POST', "links?link=$link&kind=$kind&to=" . escape($to)) }

my $target = qq{http://landing.range.test/?q="a"&b='c'};
is(visit('/a')->{location}, $target, 'a link leads on');
is(visit('any.host.test/a')->{location}, $target, 'at any host');
is(visit('other.range.test/a')->{location}, undef, 'but for one that is there at a host of its own');
like(visit('OTHER.range.test:80/a')->{body}, qr/url=http:\/\/elsewhere/, 'by its name in any spelling');
is(visit('/b')->{location}, 'http://t.range.test/a', 'a hop before it');
is(visit('/c')->{location}, 'https://t.range.test/b', 'and one more');
is(visit('/c', '-I')->{status}, 405, 'HEAD is refused there');
is(visit('/b', '-I')->{location}, 'http://t.range.test/a', 'and not here');
is(visit('/a', '-X', 'POST', '-d', 'x=1')->{status}, 405, 'nor is POST a visit');
is(visit('/nothing')->{status}, 404, 'no such link');
is(visit('/-/links')->{status}, 404, 'control is not there for strangers');
my $browser = visit('/c', '-A', $iphone);
is("$browser->{status} " . ($browser->{location} // '-'), '200 -', 't.co has a page for browsers');
like($browser->{body}, qr{<noscript><META http-equiv="refresh" content="0;URL=https://t\.range\.test/b"></noscript>.*location\.replace\("https:\\/\\/t\.range\.test\\/b"\)}, 'which leads there by a refresh, and by a script');

my $in_html = qr{http://landing\.range\.test/\?q=&quot;a&quot;&amp;b=&apos;c&apos;};
my $in_script = qr{http:\\/\\/landing\.range\.test\\/\?q=\\x22a\\x22\\x26b=\\x27c\\x27};
my %kind = (
	(map { my $n = $_; ($n => sub { $_->{status} == $n && $_->{location} eq $target }) } 301, 302, 303, 307, 308),
	'tco' => sub { $_->{status} == 301 && $_->{location} eq $target },
	'meta' => sub { $_->{status} == 200 && $_->{body} =~ /<meta http-equiv="refresh" content="0; url=$in_html">/ && $_->{body} !~ /script/ },
	'meta-late' => sub { $_->{body} =~ /<META CONTENT='5 ; URL=&quot;$in_html&quot;' HTTP-EQUIV='Refresh'>/ },
	'noscript' => sub { $_->{status} == 200 && $_->{body} =~ /<noscript><META [^>]*URL=$in_html"/ && $_->{body} =~ $in_script },
	'refresh' => sub { $_->{status} == 200 && $_->{refresh} eq "0; url=$target" },
	'script' => sub { $_->{body} =~ /<script>location\.replace\("$in_script"\)/ && $_->{body} !~ /http-equiv/ },
	'button' => sub { $_->{body} =~ /<a href="$in_html"/ },
	'relative' => sub { $_->{status} == 302 && $_->{location} eq $target && set('/x', 'relative', '../y?z') && visit('/x')->{location} eq '../y?z' },
	'loop' => sub { $_->{status} == 302 && $_->{location} eq '/x' },
	'endless' => sub { $_->{location} eq '/xx' && visit('/xx')->{location} eq '/xxx' && visit('/xxxxxx')->{location} eq '/xxxxxxx' },
	'nowhere' => sub { $_->{status} == 302 && !defined $_->{location} },
	'404' => sub { $_->{status} == 404 },
	'410' => sub { $_->{status} == 410 },
	'warning' => sub { $_->{status} == 200 && $_->{body} =~ /unsafe/ && $_->{body} !~ /landing/ },
	'429' => sub { $_->{status} == 429 && $_->{'retry-after'} eq '7' },
	'reset' => sub { $_->{status} == 0 },
);
my @kinds = slurp("$src/range/linkkinds.def") =~ /^LINK\(\w+, "([^"]+)"/mg;
is_deeply([sort keys %kind], [sort @kinds], 'a test for each row of linkkinds.def');
for my $kind (@kinds) {
	set('/x', $kind, $target);
	local $_ = visit('/x');
	ok($kind{$kind}->(), "a link: $kind") or diag(explain($_));
}

links_control('POST', 'links?link=/a&to=' . escape('http://second.range.test/'));
is(visit('/a')->{location}, 'http://second.range.test/', 'a landing that has moved');
is(visit('/a')->{status}, 301, 'in the same way as before');
like(links_control('POST', 'links?link=/a&kind=whatever')->{error}, qr/meta-late\|/, 'a kind that is none');
is(links_control('POST', 'links?link=a')->{status}, 400, 'a link without a path');

links_control('POST', 'reset');
visit('/b', '-A', $iphone, '-H', 'Accept-Language: ja', '-e', 'http://from.range.test/');
visit('/b', '-I');
my $tls = `curl -s -q --noproxy '*' --max-time 60 -o /dev/null -w '%{http_code} %{redirect_url}' --cacert "$work/ca/ca.pem" --connect-to ::127.0.0.1:$ready->{tls_port} https://t.range.test/b`;
is($tls, '302 http://t.range.test/a', 'by TLS, with a certificate for its name');
my $log = links_control('GET', 'log')->{asked};
is_deeply([map { my $a = $_; [map { $a->{$_} } qw(method host path status)] } @$log], [['GET', 't.range.test', '/b', 302], ['HEAD', 't.range.test', '/b', 302], ['GET', 't.range.test', '/b', 302]], 'the log: who asked what');
is_deeply([@{ $log->[0] }{qw(agent language referrer)}], [$iphone, 'ja', 'http://from.range.test/'], 'as whom');
is_deeply([map { $_->{tls} ? 1 : 0 } @$log], [0, 0, 1], 'and by which way');
my ($b) = grep { $_->{link} eq '/b' } @{ links_control('GET', 'links') };
is("$b->{kind} $b->{to} $b->{asked}", '302 http://t.range.test/a 5', 'the links, and how often each was asked for');
is(stop_it($pid), 0, 'it ends well');
spew("$work/bad", "/a 301 http://a.test/\n/b whatever http://b.test/\n");
like(scalar `"$CtFollow::range" shortlinks --links "$work/bad" 2>&1`, qr/line 2: /, 'a line that is none');
$pid = start("$work/out2", "$work/err2", 0, $CtFollow::range, 'shortlinks', '--links', "$src/range/scenarios/wave.links");
until_ok('the links of the wave', sub { slurp("$work/out2") =~ /\n/ }) or BAIL_OUT(slurp("$work/err2"));
$url = decode_json(slurp("$work/out2"))->{url};
my %wave = map { $_ => 1 } slurp("$src/range/scenarios/wave.txt") =~ m{t\.range\.test(/\w+)}g;
is_deeply([map { visit($_)->{location} } sort keys %wave], [('http://ysl88.mihon-kisei.test/') x 3], 'lead to one place');
# --- a telephone gets there through egress, by the rows for hosts ---
my $sites = start("$work/sites", "$work/sites.err", 0, $CtFollow::range, 'sites', '--others');
until_ok('the sites', sub { slurp("$work/sites") =~ /\n/ }) or BAIL_OUT(slurp("$work/sites.err"));
my $web = decode_json(slurp("$work/sites"));
my $links = decode_json(slurp("$work/out2"));
spew("$work/egress.conf", "range = 127.0.0.1\nrange-ports = {\"80=$web->{port}\", \"443=$web->{tls_port}\", \"t.range.test:80=$links->{port}\", \"t.range.test:443=$links->{tls_port}\"}\n");
set('/hop', '302', 'http://t.range.test/KoJR0A9aAf');
set('/KoJR0A9aAf', '301', 'http://ysl88.mihon-kisei.test/');
my $look = decode_json(scalar `"$CtFollow::hikeshi" look --json --config /dev/null --egress "$work/egress.conf" --targets "$src/conf/targets/example.conf" --cache "$work/cache" https://t.range.test/hop`);
is("$look->{outcome} $look->{final_url}", 'suspect http://ysl88.mihon-kisei.test/', 'a telephone follows two links to an imitation') or diag(explain($look));
is_deeply([map { my $a = $_; [($a->{tls} ? 1 : 0), map { $a->{$_} } qw(method host path status)] } grep { $_->{agent} =~ /Mobile/ } @{ links_control('GET', 'log')->{asked} }],
	[[1, 'GET', 't.range.test', '/hop', 302], [0, 'GET', 't.range.test', '/KoJR0A9aAf', 301]], 'and the log has its way');
my $page = slurp("$src/docs/range.md");
is_deeply([grep { $page !~ /^\| `\Q$_\E` \|/m } @kinds], [], 'docs/range.md has every kind');
done_testing();
