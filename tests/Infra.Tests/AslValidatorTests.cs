namespace Infra.Tests;

public sealed class AslValidatorTests(SynthesisedStacks stacks)
{
    private static readonly string Validator = Path.Combine(ProjectFolder.Modules, ".bin", "asl-validator");

    [Fact]
    public async Task Accepts_the_definition_that_is_deployed()
    {
        var (code, output) = await ValidateAsync(new StateMachineJson(stacks.All[0].PipelineJson).Resolved);

        Assert.True(code == 0, output);
    }

    [Theory]
    [InlineData("\"Next\": \"Stage\"", "\"Next\": \"Stge\"")]
    [InlineData("\"Mode\": \"DISTRIBUTED\"", "\"Mode\": \"DISTRIBUTE\"")]
    [InlineData("\"ResultPath\": \"$.plan\"", "\"ResultPath\": \"plan\"")]
    public async Task Refuses_a_broken_one(string right, string wrong)
    {
        var definition = new StateMachineJson(stacks.All[0].PipelineJson).Resolved;
        Assert.Contains(right, definition, StringComparison.Ordinal);

        var (code, _) = await ValidateAsync(definition.Replace(right, wrong, StringComparison.Ordinal));

        Assert.NotEqual(0, code);
    }

    private static async Task<(int Code, string Output)> ValidateAsync(string definition)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, definition);
            var (code, output, errors) = await Tool.RunNodeAsync(Validator, ["--json-path", file]);
            return (code, output + errors);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
