// Asks the independent evaluator whether requests are allowed: a JSON array of requests on standard input, of answers on standard output.
import { runSimulation } from '@cloud-copilot/iam-simulate';
import { text } from 'node:stream/consumers';

const answers = [];
for (const request of JSON.parse(await text(process.stdin))) {
  const simulation = await runSimulation({
    request: {
      principal: request.principal, action: request.action,
      resource: { resource: request.resource, accountId: request.account }, contextVariables: request.context,
    },
    identityPolicies: request.identityPolicies, serviceControlPolicies: [], resourceControlPolicies: [], resourcePolicy: request.resourcePolicy ?? undefined,
    vpcEndpointPolicies: request.endpointPolicy ? [{ name: 'endpoint', policy: request.endpointPolicy }] : undefined,
  }, {});
  answers.push(simulation.errors ? `error ${JSON.stringify(simulation.errors)}` : simulation.overallResult ?? simulation.result?.evaluation?.result);
}
process.stdout.write(JSON.stringify(answers));
