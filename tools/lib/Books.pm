# The books of those who got reports on the range, against what a house says that it sent: what was lost, what was doubled. tools/night, tests/scenario/mass-night.t.
package Books;
use strict;
use warnings;
use HTTP::Tiny;
use JSON::PP;
use List::Util qw(sum0);

# sum(reports, vendors, mailhouse): (lost, doubled, a line for each desk that does not agree). reports: of each one that counts as sent {channel, url}, and of each one of which nobody can tell whether
# it arrived {channel, url, unsure => 1}; the two others are addresses of their controls, without the last "/".
sub sum {
	my ($reports, $vendors, $mailhouse) = @_;
	my $http = HTTP::Tiny->new(timeout => 30);
	my $of = sub {
		my $answer = $http->get($_[0]);
		$answer->{success} or die "$_[0]: $answer->{status} $answer->{reason}\n";
		return decode_json($answer->{content});
	};
	my $book = $of->("$vendors/-/reports")->{vendors};
	my $box = $of->("$mailhouse/delivered");
	# Some desks are told no URL, but a host, or a sentence.
	my $key = sub {
		my ($channel, $url) = @_;
		return $url if grep { $_->{what} =~ m{://} } @{ ($book->{$channel} // {})->{reports} // [] };
		return $url =~ m{^[a-z]+://([^/:?#]+)}i ? lc $1 : $url;
	};
	# channel => URL or host => how many are said to have left, and of how many nobody can tell
	my (%sent, %unsure);
	for my $report (@$reports) {
		my $kind = $report->{unsure} ? \%unsure : \%sent;
		$kind->{ $report->{channel} }{ $key->($report->{channel}, $report->{url}) }++;
	}
	my ($mails) = map { sum0(values %{ $_ // {} }) } delete $sent{mail};
	my %got = map { $_ => 1 } grep { /^<?[0-9a-f]{32}\@/ } map { $_->{message_id} // $_->{id} // '' } @{ $box->{delivered} };
	my ($lost, $doubled, @odd) = ($mails > keys %got ? $mails - keys %got : 0, $box->{doubles});
	push @odd, "mail: $mails sent, " . keys(%got) . " there, $box->{doubles} twice" if $lost || $doubled;
	for my $channel (sort keys %sent) {
		my $desk = $book->{$channel} or next;    # handed in by people, or asked only
		for my $site (sort keys %{ $sent{$channel} }) {
			my $there = grep { $_->{what} =~ m{://} ? grep { $_ eq $site } split ' ', $_->{what} : $_->{what} =~ /(?<![\w.-])\Q$site\E(?![\w.-])/i } @{ $desk->{reports} };
			# A second round may be answered "known already", and is then no second entry.
			my ($sent, $unsure) = ($sent{$channel}{$site}, $unsure{$channel}{$site} // 0);
			my ($less, $more) = ($there ? 0 : 1, $there > $sent + $unsure ? $there - $sent - $unsure : 0);
			$lost += $less;
			$doubled += $more;
			push @odd, "$channel: $site: $sent sent, $unsure perhaps, $there there" if $less || $more;
		}
	}
	return ($lost, $doubled, @odd);
}

1;
