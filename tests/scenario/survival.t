#!/usr/bin/perl
# databases: both
# /stats/survival against an implementation of its own (tests/scenario/survival.py): curves, band, quantiles, shares, groups, censoring; and what is no question.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use House;
use JSON::PP;
use Test::More;

new_house('survival', listen => '127.0.0.1:0');
hk(\"correct horse battery 9", 'user', 'add', '--roles', 'analyst,system_admin', 'akari');
rows("INSERT INTO sources (key, name, kind, updated_ms) VALUES ('manual', 'manual', 'manual', 0) ON CONFLICT DO NOTHING");
rows("INSERT INTO actors (key, name, updated_ms) VALUES ('mirage', 'Mirage', 0)");

# Cases with clocks by chance: some are over, some not, some were over before they began, some count for nobody.
srand(4711);
my $now = time * 1000;
my @cases;
my ($source) = map { $_->[0] } rows("SELECT id FROM sources WHERE key = 'manual'");
my ($actor) = map { $_->[0] } rows("SELECT id FROM actors WHERE key = 'mirage'");
my @sql;
for my $id (1 .. 160) {
	my $opened = $now - int(rand(20 * 86_400)) * 1000 - 3_600_000;
	my $confirmed = $opened + int(rand(3600)) * 1000;
	my $kind = rand() < 0.9 ? 'phishing' : 'investment_scam';
	my $deleted = rand() < 0.05;
	my $chance = rand();
	# Whole minutes, so that times tie.
	my $gone = $chance < 0.6 ? $confirmed + int(rand(3000)) * 60_000 : $chance < 0.65 ? $confirmed - 60_000 : 0;
	$gone = 0 if $gone > $now;
	my $down = $gone ? $gone + 900_000 : 0;
	$down = 0 if $down > $now;
	my $state = $down ? 'down' : rand() < 0.1 ? 'triaged' : 'confirmed';
	my $closed = $state eq 'down' && rand() < 0.3 ? $down + 60_000 : 0;
	$state = 'closed' if $closed;
	my $registrar = (qw(alpha beta gamma), '')[int rand 4];
	my $who = rand() < 0.5;
	my $tld = (qw(test example))[int rand 2];
	my $sent = rand() < 0.5 ? $confirmed + 600_000 : 0;
	my $sql = sub { $_[0] || 'NULL' };
	push @sql, "INSERT INTO cases (id, name, kind, state, host, domain, urls, first_seen_ms, detected_ms, opened_ms, confirmed_ms, content_gone_ms, down_ms, closed_ms, last_seen_ms, updated_ms, source_id, actor_id, deleted_ms) VALUES ($id, 'c$id', '$kind', '$state', 'www.c$id.$tld', 'c$id.$tld', 0, $opened, $opened, $opened, "
		. join(', ', $state eq 'triaged' ? 'NULL' : $confirmed, $sql->($gone), $sql->($down), $sql->($closed), $opened, $opened, $source, $who ? $actor : 'NULL', $deleted ? $now : 'NULL') . ')';
	my $hash = sprintf '%064x', $id;
	push @sql, "INSERT INTO facts (case_id, hash, subject, kind, value, source, first_ms, last_ms) VALUES ($id, " . ($ENV{HK_TEST_PGSQL} ? "'\\x$hash'" : "x'$hash'") . ", 'c$id.$tld', 'reg.registrar', '$registrar', 'test', 1, 1)" if $registrar;
	if ($sent) {
		push @sql, "INSERT INTO reports (id, case_id, channel, kind, recipient, lang, step, round, state, title, request, type, bytes, digest, token, drafted_ms, sent_ms) VALUES ($id, $id, 'mail', 'hosting', 'abuse\@c$id.$tld', 'en', 'first', 1, 'sent', 't', '{}', 'text/plain', 1, " . ($ENV{HK_TEST_PGSQL} ? "'\\x00'" : "x'00'") . ", 'token$id', $sent, $sent)";
		push @sql, "INSERT INTO report_sites (report_id, position, case_id, url) VALUES ($id, 0, $id, 'https://www.c$id.$tld/')";
	}
	push @cases, { kind => $kind, state => $state, deleted => $deleted ? 1 : 0, confirmed => $state eq 'triaged' ? 0 : $confirmed, detected => $opened, gone => $gone, down => $down, closed => $closed, registrar => $registrar, actor => $who ? 'mirage' : '', tld => ".$tld", sent => $sent };
}
rows(join ';', 'BEGIN', @sql, 'COMMIT');
my $web = spawn_role('web', 'web');
ok(until_ok('web', sub { -e "$work/web.out" && slurp("$work/web.out") =~ /"url":"/ }), 'the API is up') or diag slurp("$work/web.err");
my ($url) = slurp("$work/web.out") =~ /"url":"([^"]+)"/;
login($url, 'akari', 'correct horse battery 9');

# Asked and compared.
my @questions = (['registrar', 'confirmed', 'gone'], ['actor', 'detected', 'down'], ['tld', 'confirmed', 'down'], ['channel', 'reported', 'gone'], ['all', 'confirmed', 'listed']);
for my $q (@questions) {
	my ($by, $start, $end) = @$q;
	my $answer = call('GET', "/stats/survival?by=$by&start=$start&end=$end");
	is($answer->{status}, 200, "by $by, from $start to $end") or diag $answer->{content};
	my $file = spew("$work/question.json", encode_json({ by => $by, start => $start, end => $end, cases => \@cases, answer => $answer->{json}, now => time * 1000 }));
	my $said = `python3 "$FindBin::Bin/survival.py" "$file" 2>&1`;
	is($?, 0, 'an implementation of its own agrees') or diag $said;
	diag $said if $by eq 'registrar';
}
my $csv = call('GET', '/stats/survival?by=registrar&format=csv');
like($csv->{content}, qr/^key,cases,events,censored,before,median_s,p90_s,within_1h,within_4h,within_24h\r?\n/, 'as CSV');
is(scalar(() = $csv->{content} =~ /^(?:alpha|beta|gamma|),/mg), 4, 'with a line for each registrar, and for none');
is(call('GET', "/stats/survival?$_")->{status}, 400, "refused: $_") for 'by=moon', 'start=end', 'end=never', 'format=pdf', 'from=2026-13', 'x=1';
is(stop_it($web), 0, 'SIGTERM ends it in good order') or diag slurp("$work/web.err");
done_testing();
