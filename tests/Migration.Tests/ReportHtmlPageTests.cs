using TestServers;

namespace Migration.Tests;

/// <summary>The page in a real browser: it fits, asks for nothing, and says how it went before anybody scrolls.</summary>
public sealed class ReportHtmlPageTests(ReportHtmlPageTests.Browser browser) : IClassFixture<ReportHtmlPageTests.Browser>
{
    private static readonly Dictionary<string, MigrationReport> Reports = new(StringComparer.Ordinal)
    {
        ["verified"] = ReportExamples.Verified,
        ["unverified"] = ReportExamples.Unverified,
        ["incomplete"] = ReportExamples.Incomplete,
        ["quarantined"] = ReportExamples.Quarantined,
        ["different"] = ReportExamples.Different,
        ["stopped"] = ReportExamples.Stopped,
        ["empty"] = ReportExamples.Empty,
        ["hostile"] = ReportExamples.Hostile,
    };

    public static TheoryData<string, int, int, bool> Pages()
    {
        var pages = new TheoryData<string, int, int, bool>();
        foreach (var name in Reports.Keys)
        {
            pages.Add(name, 390, 844, false);
            pages.Add(name, 360, 740, true);
            pages.Add(name, 1280, 800, false);
            pages.Add(name, 1280, 800, true);
        }
        return pages;
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Page_fits_and_is_silent_and_shows_the_verdict_first(string name, int width, int height, bool dark)
    {
        var file = browser.Write(name, ReportHtml.Render(Reports[name]));

        var page = await browser.Chromium.OpenAsync(file, width, height, dark);
        await browser.KeepAsync(page, $"{name}-{width}-{(dark ? "dark" : "light")}");

        Assert.Empty(page.Problems);
        Assert.Equal([file.AbsoluteUri], page.Requests);
        Assert.Empty(await page.OverflowsAsync());
        Assert.Equal(Reports[name].Verdict.ToString(), await page.EvaluateAsync("document.querySelector('h1').textContent"));
        Assert.Equal("true", await page.EvaluateAsync($"'' + (document.querySelector('h1').getBoundingClientRect().bottom <= {height / 2})"));
        // A long verdict is cut by nobody; an ordinary one with its sentence needs no scrolling at all.
        if (name != "hostile")
            Assert.Equal("true", await page.EvaluateAsync($"'' + (document.querySelector('.sentence').getBoundingClientRect().bottom <= {height})"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Text_has_the_contrast_that_WCAG_asks_for(bool dark)
    {
        foreach (var name in (string[])["verified", "different", "stopped", "unverified"])
        {
            var page = await browser.Chromium.OpenAsync(browser.Write(name, ReportHtml.Render(Reports[name])), 1280, 800, dark);

            Assert.Equal("", await page.EvaluateAsync(FaintText));
        }
    }

    [Fact]
    public async Task Open_details_fit_a_phone()
    {
        var page = await browser.Chromium.OpenAsync(browser.Write("open", ReportHtml.Render(ReportExamples.Different)), 360, 740);

        await page.EvaluateAsync("(document.querySelectorAll('details').forEach(one => one.open = true), '')");

        Assert.Empty(await page.OverflowsAsync());
    }

    [Fact]
    public async Task Checks_catch_a_page_that_is_too_wide()
    {
        var page = await OpenAsync("<div style=\"width:700px\">wide</div>");

        Assert.NotEmpty(await page.OverflowsAsync());
    }

    [Fact]
    public async Task Checks_catch_an_element_that_cuts_off_its_text()
    {
        var page = await OpenAsync("<p style=\"width:80px;overflow:hidden;white-space:nowrap\">a sentence that is longer than its box</p>");

        Assert.NotEmpty(await page.OverflowsAsync());
    }

    [Fact]
    public async Task Checks_catch_text_that_runs_over_what_follows()
    {
        var page = await OpenAsync("<p style=\"height:1em;width:80px\">a sentence that is longer than its box</p><p>next</p>");

        Assert.NotEmpty(await page.OverflowsAsync());
    }

    [Fact]
    public async Task Checks_catch_an_element_beyond_the_edge_that_no_page_width_shows()
    {
        var page = await OpenAsync("<div style=\"overflow:clip\"><p style=\"position:relative;left:-40px\">gone</p></div>");

        Assert.NotEmpty(await page.OverflowsAsync());
    }

    [Fact]
    public async Task Checks_catch_console_errors_and_exceptions()
    {
        var logged = await OpenAsync("<script>console.error('logged')</script>");
        var thrown = await OpenAsync("<script>throw new Error('thrown')</script>");

        Assert.Contains("logged", Assert.Single(logged.Problems), StringComparison.Ordinal);
        Assert.Contains("thrown", Assert.Single(thrown.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Checks_catch_a_request_for_another_file()
    {
        var page = await OpenAsync("<img src=\"http://127.0.0.1:9/x.png\" alt=\"\"><img src=\"other.png\" alt=\"\">");

        Assert.Equal(3, page.Requests.Count);
    }

    [Fact]
    public async Task Checks_catch_faint_text()
    {
        var page = await OpenAsync("<p style=\"color:#999;background:#fff\">faint</p>");

        Assert.NotEqual("", await page.EvaluateAsync(FaintText));
    }

    private Task<ChromiumPage> OpenAsync(string body) =>
        browser.Chromium.OpenAsync(browser.Write("control", $"<!DOCTYPE html><html lang=\"en\"><title>t</title><body>{body}</body></html>"), 390, 844);

    /// <summary>The texts with less than 4.5 to 1 against the nearest background, by WCAG 2's formula of relative luminance.</summary>
    private const string FaintText = """
        (() => {
          const channels = color => color.match(/[\d.]+/g).map(Number);
          const light = color => {
            const [r, g, b] = channels(color).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const ground = element => {
            for (; element; element = element.parentElement) {
              const color = getComputedStyle(element).backgroundColor;
              if (channels(color)[3] !== 0) return color;
            }
            return 'rgb(255, 255, 255)';
          };
          const faint = new Set();
          for (const element of document.body.querySelectorAll('*')) {
            if (element.closest('svg, script') || ![...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())) continue;
            const [a, b] = [light(getComputedStyle(element).color), light(ground(element))].sort((x, y) => y - x);
            const contrast = (a + 0.05) / (b + 0.05);
            if (contrast < 4.5) faint.add(`${element.tagName}.${element.className}: ${contrast.toFixed(2)}`);
          }
          return [...faint].join('\n');
        })()
        """;

    /// <summary>One browser for all pages; they and their pictures are kept below the test's own folder for people to look at.</summary>
    public sealed class Browser : IAsyncLifetime
    {
        private readonly string folder = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "report-pages")).FullName;
        private int written;

        internal ChromiumProcess Chromium { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Chromium = await ChromiumProcess.StartAsync();

        public ValueTask DisposeAsync() => Chromium.DisposeAsync();

        internal Uri Write(string name, string html)
        {
            var file = Path.Combine(folder, $"{name}-{Interlocked.Increment(ref written)}.html");
            File.WriteAllText(file, html);
            return new Uri(file);
        }

        internal async Task KeepAsync(ChromiumPage page, string name) =>
            await File.WriteAllBytesAsync(Path.Combine(folder, name + ".png"), await page.ScreenshotAsync());
    }
}
