#!/usr/bin/perl
# databases: both
# The replay of a month of mass registration (threats.md S26, June 2024): 7,756 host names under one dynamic-DNS suffix, the counts by brand as
# they were, the brands invented. An import names each host; people hand in a quarter of them again, spelt otherwise or by another path; a second
# import has every tenth once more. Every host is one case, nothing is lost, nothing is doubled, and the statistics of the month are the table.
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use Encode;
use House;
use JSON::PP;
use POSIX qw(strftime);
use Test::More;

my $seed = $ENV{HK_SEED} || 202406;
srand($seed);
my @brands = (['Aoyama Bank', 4442], ['Midori Bank', 1884], ['Tonari Mobile', 1076], ['Sakura Trust', 263], ['Kaede Bank', 58],
	['Kaede Card', 28], ['Hikari Power', 5]);
my $total = 0;
$total += $_->[1] for @brands;
is($total, 7756, 'the table adds up');

my $n = 0;
my $pack = join '', map { $n++; "[$_->[0]]\nkind = bank\ntoken = invented$n\nofficial = invented$n.example\n\n" } @brands;
my $dir = new_house('replay', targets => spew("$CtFollow::work/brands.conf", $pack));

# The hosts: six to nine of 0-9 and a-z, as in the talk; each once.
my (%brand_of, @hosts);
for my $brand (@brands) {
	for (my $left = $brand->[1]; $left > 0;) {
		my $host = join('', map { ('0' .. '9', 'a' .. 'z')[rand 36] } 1 .. 6 + int rand 4) . '.duckdns.org';
		next if $brand_of{$host};
		$brand_of{$host} = $brand->[0];
		push @hosts, $host;
		$left--;
	}
}
for (my $i = @hosts - 1; $i > 0; $i--) {
	my $k = int rand($i + 1);
	@hosts[$i, $k] = @hosts[$k, $i];
}

# The month ends now: what people hand in counts as seen now, and the dedupe period is a month.
my $begin = time() - 29 * 86400;
sub date { my ($at) = @_; strftime('%Y-%m-%dT%H:%M:%SZ', gmtime($begin + $at)) }

# Spellings of one and the same host.
my @spellings = (
	sub { "http://$_[0]/" },
	sub { "hxxps://" . ($_[0] =~ s/\./[.]/gr) . '/login' },
	sub { uc($_[0]) },
	sub { "HTTPS://$_[0]:443/index.html#top" },
	sub { "http://$_[0]./m/?id=" . int rand 1000 },
	sub { $_[0] =~ tr/a-z0-9/ａ-ｚ０-９/r },
);
my (@first, @again, @third);
for my $i (0 .. $#hosts) {
	my ($host, $at) = ($hosts[$i], int($i * 27 * 86400 / @hosts));
	push @first, date($at) . ",http://$host/,$brand_of{$host}";
	push @again, date($at + int rand 86400) . ',' . $spellings[$i / 4 % @spellings]->($host) . ",$brand_of{$host}" if $i % 4 == 0;
	push @third, date($at + int rand 86400) . ",http://$host/third,seen again" if $i % 10 == 0;
}

# counts(output): of what became of the lines.
sub counts {
	my %count;
	$count{ decode_json($_)->{how} // 'end' }++ for split /\n/, $_[0];
	delete $count{end};
	return \%count;
}
sub list { encode('utf-8', join "\n", 'date,URL,description', @_, '') }

my ($code, $out, $err) = hk('case', 'import', '--json', spew("$dir/first.csv", list(@first)));
is($code, 0, 'the month is imported') or diag $err;
is_deeply(counts($out), { opened => $total }, 'every host opens a case');
($code, $out, $err) = hk(\list(@again), 'case', 'add', '--json', '-');
is($code, 0, 'a quarter of it is handed in again') or diag $err;
is_deeply(counts($out), { attached => scalar @again }, 'and attached, whatever the spelling');
($code, $out, $err) = hk('case', 'import', '--json', spew("$dir/third.csv", list(@third)));
is($code, 0, 'a second import') or diag $err;
is_deeply(counts($out), { attached => scalar @third }, 'is attached, too');

my %seen;
$seen{ $_->[0] }++ for rows('SELECT host FROM cases');
is(scalar(grep { !$seen{$_} } @hosts), 0, 'no host is lost');
is(scalar(grep { $seen{$_} != 1 } keys %seen), 0, 'none is doubled');
is(scalar(keys %seen), $total, 'and there are no others');
is_deeply([ rows("SELECT SUM(opened), SUM(attached), SUM(routed), SUM(refused), SUM(skipped), SUM(lines) FROM intakes WHERE state = 'done'")
	], [ [ $total, @again + @third, 0, 0, 3, $total + @again + @third + 3 ] ], 'the counts of the three lists');
is(value('SELECT SUM(times) FROM case_urls'), $total + @again + @third, 'each naming is counted at its case');
is_deeply([ rows('SELECT s.key, SUM(i.opened), SUM(i.attached) FROM intakes i JOIN sources s ON s.id = i.source_id GROUP BY s.key ORDER BY s.key') ],
	[ [ 'import', $total, scalar @third ], [ 'manual', 0, scalar @again ] ], 'by source');
is(value("SELECT COUNT(*) FROM events WHERE act = 'case.attach'"), @again + @third, 'and is in the audit trail');
is(value('SELECT COUNT(*) FROM cases WHERE campaign_id IS NOT NULL'), 0, 'names below a shared suffix are no campaign');
is_deeply({ map { @$_ } rows('SELECT t.name, COUNT(*) FROM cases c JOIN targets t ON t.id = c.target_id GROUP BY t.name') },
	{ map { @$_ } @brands }, 'cases by brand');
is((hk('audit', 'verify'))[0], 0, 'the audit chain is whole');

# The statistics, as people read them.
my $password = 'correct horse battery staple';
is((hk(\"$password\n", 'user', 'add', '--roles', 'viewer', 'hanako'))[0], 0, 'a user');
my $web = spawn_role('web', 'web', '--listen', '127.0.0.1:0');
my $at;
until_ok('the web role listens', sub { ($at) = slurp("$work/web.err") =~ m{web\.listens url=(\S+)}; $at }) or die slurp("$work/web.err");
login($at, 'hanako', $password);
my %key_of = map { @$_ } rows('SELECT key, name FROM targets');
my $stats = call('GET', '/stats?by=month_target')->{json};
my (%by_brand, %months);
for my $row (@{ $stats->{rows} }) {
	$by_brand{ $key_of{ $row->[1] } } += $row->[2];
	$months{ $row->[0] } = 1;
}
is_deeply(\%by_brand, { map { @$_ } @brands }, 'the statistics by target are the table');
cmp_ok(scalar keys %months, '<=', 2, 'of the month in which they were opened');
is(call('GET', '/counters')->{json}{total}, $total, 'and the counter of the board is the sum');
stop_it($web);
done_testing();
