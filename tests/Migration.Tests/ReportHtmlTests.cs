using System.Globalization;

namespace Migration.Tests;

/// <summary>What the page says, and that nothing of the data becomes markup.</summary>
public sealed class ReportHtmlTests
{
    [Fact]
    public void Names_with_markup_stay_text()
    {
        var html = ReportHtml.Render(ReportExamples.Hostile);

        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<img", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(ReportExamples.Evil, html, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;console.error(&#39;x&#39;)&lt;/script&gt;", html, StringComparison.Ordinal);
        Assert.Contains("&quot;&#39;&amp;", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Control_characters_and_turns_of_direction_are_shown()
    {
        var html = ReportHtml.Render(With("a\nb\0c\u202Ed\u0085e\u2028\uFFFD温度"));

        Assert.Contains("a␊b␀c\\u202ed\\u0085e\\u2028\uFFFD温度", html, StringComparison.Ordinal);
        Assert.DoesNotContain('\0', html);
        Assert.DoesNotContain('\u202E', html);
    }

    [Fact]
    public void Long_names_are_cut_between_characters()
    {
        var html = ReportHtml.Render(With(new string('a', 159) + "😀" + new string('b', 100)));

        Assert.Contains(new string('a', 159) + "…", html, StringComparison.Ordinal);
        Assert.All(html.EnumerateRunes(), rune => Assert.NotEqual(System.Text.Rune.ReplacementChar, rune));
    }

    [Theory]
    [InlineData(Verdict.Verified, "good", "Let writers and readers use the destination")]
    [InlineData(Verdict.Unverified, "open", "nothing was read back")]
    [InlineData(Verdict.Incomplete, "warn", "what the source does not show")]
    [InlineData(Verdict.Quarantined, "warn", "Decide for each reason")]
    [InlineData(Verdict.Different, "bad", "the windows that differ")]
    [InlineData(Verdict.Stopped, "bad", "Chunks that are finished are skipped")]
    public void Each_verdict_has_its_tone_and_its_next_step(Verdict verdict, string tone, string step)
    {
        var html = ReportHtml.Render(ReportExamples.Verified with { Verdict = verdict });

        var top = html[..html.IndexOf("</header>", StringComparison.Ordinal)];
        Assert.Contains($"class=\"verdict {tone}\"", top, StringComparison.Ordinal);
        Assert.Contains($"<h1>{verdict}</h1>", top, StringComparison.Ordinal);
        Assert.Contains(step, top, StringComparison.Ordinal);
    }

    [Fact]
    public void Quarantined_without_verification_claims_no_proof()
    {
        var html = ReportHtml.Render(ReportExamples.Quarantined with { Request = ReportExamples.Unverified.Request });

        Assert.DoesNotContain("All others are at the destination:", html, StringComparison.Ordinal);
        Assert.Contains("All others were accepted, but nothing was read back", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Sections_come_in_the_order_of_their_weight()
    {
        var html = ReportHtml.Render(ReportExamples.Different);

        List<string> marks = ["<h1>", "class=\"tiles\"", "class=\"route\"", "id=\"warnings\"", "id=\"measurements\"", "id=\"left-out\"", "id=\"differences\"", "id=\"stages\"", "id=\"chunks\"", "id=\"remarks\"", "id=\"request\""];
        var order = marks.ConvertAll(mark => html.IndexOf(mark, StringComparison.Ordinal));
        Assert.All(order, place => Assert.True(place > 0));
        Assert.Equal(order.Order(), order);
    }

    [Fact]
    public void Largest_measurements_have_a_chart_and_the_others_a_row()
    {
        var html = ReportHtml.Render(ReportExamples.Different);

        Assert.Equal(20, Count(html, "<figure"));
        Assert.Contains("80 smaller measurements", html, StringComparison.Ordinal);
        // Number 50 differs, so it is the first row.
        Assert.DoesNotContain("class=\"t\"", Between(html, "80 smaller measurements</caption>", "measurement_50"), StringComparison.Ordinal);
        Assert.Equal(80, Count(Between(html, "80 smaller measurements</caption>", "</table>"), "class=\"name\""));
    }

    [Fact]
    public void A_single_field_value_of_a_million_is_marked()
    {
        var equal = ReportExamples.Measurement("cpu", 200, 9_000_000, 1);
        var lacking = equal with { DestinationSlices = [.. equal.SourceSlices.Select((count, slice) => slice == 77 ? count - 1 : count)] };

        var same = ReportHtml.Render(ReportExamples.Verified with { Measurements = [equal] });
        var different = ReportHtml.Render(ReportExamples.Verified with { Measurements = [lacking] });

        Assert.DoesNotContain("<path class=\"diff\"", same, StringComparison.Ordinal);
        Assert.Contains("<path class=\"diff\" d=\"M385 96h5v8h-5z\"/>", different, StringComparison.Ordinal);
        Assert.Contains("1 slice of 200 differ", different, StringComparison.Ordinal);
        Assert.Contains("1 fewer at the destination", different, StringComparison.Ordinal);
    }

    [Fact]
    public void A_window_that_differs_is_marked_though_the_counts_are_equal()
    {
        var measurement = ReportExamples.Measurement("cpu", 200, 9_000_000, 1);
        var window = new WindowDifference { Bucket = "telegraf", Measurement = "cpu", Start = measurement.Start, Stop = measurement.Stop, Changed = 1 };

        var html = ReportHtml.Render(ReportExamples.Verified with { Verdict = Verdict.Different, Measurements = [measurement], Differences = [window] });

        Assert.Contains("<figure class=\"chart bad\">", html, StringComparison.Ordinal);
        Assert.Contains("<rect class=\"window\" x=\"0\" y=\"0\" width=\"1000\"", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Long_lists_end_with_where_the_rest_is()
    {
        var html = ReportHtml.Render(ReportExamples.Different);

        Assert.Contains("<summary>92 more windows</summary>", html, StringComparison.Ordinal);
        Assert.Equal(100, Count(Between(html, "id=\"differences\"", "</section>"), "<li class=\"entry\">"));
        Assert.Contains("The first 100 of 140 windows; all of them are in <code>report.json</code>", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Empty_bucket_is_a_success_that_says_so()
    {
        var html = ReportHtml.Render(ReportExamples.Empty);

        Assert.Contains("there was nothing to move", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<figure", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<table", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Times_at_both_ends_of_the_clock_and_the_largest_counts_are_exact()
    {
        var html = ReportHtml.Render(ReportExamples.Hostile);

        Assert.Contains("1677-09-21T00:12:43.145224192Z", html, StringComparison.Ordinal);
        Assert.Contains("end of time", html, StringComparison.Ordinal);
        Assert.Contains("<span>2262-04-11</span>", html, StringComparison.Ordinal);
        Assert.Contains("9,223,372,036,854,775,807 fewer and 1 more at the destination", html, StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", html, StringComparison.Ordinal);
        Assert.DoesNotContain("∞", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Export_instants_are_those_of_the_first_and_last_chunk()
    {
        var html = Between(ReportHtml.Render(ReportExamples.Verified), "Exported at</b>", "</p>");

        Assert.Contains("2026-03-14T12:00:00Z", html, StringComparison.Ordinal);
        Assert.Contains("2026-03-14T12:19:20Z", html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "0 s")]
    [InlineData(0.0000005, "500 ns")]
    [InlineData(0.84, "840 ms")]
    [InlineData(12.44, "12.4 s")]
    [InlineData(59.96, "1 min")]
    [InlineData(2711, "45 min 11 s")]
    [InlineData(3600, "1 h")]
    [InlineData(86_399, "1 d")]
    [InlineData(90_000, "1 d 1 h")]
    public void Durations_have_two_units(double seconds, string words)
    {
        var report = ReportExamples.Empty with { Stages = [new StageReport("plan", 0, 0, 0, 0, 0, seconds, 0)] };

        var html = ReportHtml.Render(report);

        Assert.Contains($"<th scope=\"row\">plan<td class=\"n\">{words}<", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Page_is_the_same_under_every_culture()
    {
        var before = CultureInfo.CurrentCulture;
        var comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        comma.NumberFormat.NumberDecimalSeparator = ",";
        comma.NumberFormat.NumberGroupSeparator = ".";
        var expected = ReportHtml.Render(ReportExamples.Different);

        CultureInfo.CurrentCulture = comma;
        var actual = ReportHtml.Render(ReportExamples.Different);
        CultureInfo.CurrentCulture = before;

        Assert.Equal(expected, actual);
    }

    [Fact]
    public void Page_of_ten_thousand_measurements_stays_small_enough_for_a_phone()
    {
        var measurements = Enumerable.Range(0, 10_000).Select(i => ReportExamples.Measurement($"m{i}", 200, 1000, i)).ToList();

        var html = ReportHtml.Render(ReportExamples.Verified with { Measurements = measurements });

        Assert.InRange(html.Length, 1, 1_000_000);
    }

    private static MigrationReport With(string measurement) => ReportExamples.Verified with
    {
        Measurements = [ReportExamples.Measurement(measurement, 1, 10, 1)],
    };

    private static int Count(string html, string mark) => html.Split(mark).Length - 1;

    private static string Between(string html, string start, string stop)
    {
        var first = html.IndexOf(start, StringComparison.Ordinal);
        return html[first..html.IndexOf(stop, first, StringComparison.Ordinal)];
    }
}
