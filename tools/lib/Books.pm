# The books of those who got reports on the range, against what a house says that it sent: what was lost, what was doubled. tools/night, tests/scenario/mass-night.t.
package Books;
use strict;
use warnings;
use HTTP::Tiny;
use JSON::PP;

# sum(reports, vendors, mailhouse): (lost, doubled, a line for each desk that does not agree). reports: of each one that counts as sent {channel, url}; the two others are addresses of their controls, without the last "/".
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
	my (%sent, %urls);
	for my $report (@$reports) {
		$sent{ $report->{channel} }++;
		$urls{ $report->{channel} }{ $report->{url} } = 1;
	}
	my $mails = delete $sent{mail} // 0;
	my %got = map { $_ => 1 } grep { /^<?[0-9a-f]{32}\@/ } map { $_->{message_id} // $_->{id} // '' } @{ $box->{delivered} };
	my ($lost, $doubled, @odd) = ($mails > keys %got ? $mails - keys %got : 0, $box->{doubles});
	push @odd, "mail: $mails sent, " . keys(%got) . " there, $box->{doubles} twice" if $lost || $doubled;
	for my $channel (sort keys %sent) {
		my $desk = $book->{$channel} or next;    # handed in by people, or asked only
		# A second round may be answered "known already", and is then no second entry.
		my ($there, $sites) = ($desk->{distinct} + $desk->{doubles}, scalar keys %{ $urls{$channel} });
		my ($less, $more) = ($sites - $desk->{distinct}, $there - $sent{$channel});
		$lost += $less if $less > 0;
		$doubled += $more if $more > 0;
		push @odd, "$channel: $sent{$channel} sent of $sites URLs, $there there of $desk->{distinct}: " . join ' ', map { $_->{what} // $_->{url} // '' } @{ $desk->{reports} } if $less > 0 || $more > 0;
	}
	return ($lost, $doubled, @odd);
}

1;
