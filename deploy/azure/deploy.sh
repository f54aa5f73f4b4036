#!/usr/bin/env bash
# Deploy the image to Azure, again and again to the same end: Container Apps (the default), or Container Instances.
#
#   RESOURCE_GROUP=pneumonet LOCATION=westeurope REGISTRY=myregistry IMAGE_TAG=1.0.0 API_KEYS=… \
#       deploy/azure/deploy.sh [app|instance]
#
# API_KEYS: lines of `python -m backend key NAME`, with commas between them; they hold hashes alone.
# The image must be in the registry as pneumonet:IMAGE_TAG. Optional: NAME (pneumonet), CORS_ORIGINS.
set -euo pipefail
cd "$(dirname "$0")"

fail() {
  echo "deploy.sh: $*" >&2
  exit 1
}

say() {
  echo "==> $*"
}

kind=${1:-app}
case $kind in
  app) template=container-app.yaml ;;
  instance) template=container-instance.yaml ;;
  *) fail "say app or instance, not $kind" ;;
esac

missing=()
for name in RESOURCE_GROUP LOCATION REGISTRY IMAGE_TAG API_KEYS; do
  [ -n "${!name:-}" ] || missing+=("$name")
done
[ ${#missing[@]} -eq 0 ] || fail "set ${missing[*]} first"
[[ $IMAGE_TAG != latest ]] || fail "name a version: with latest nobody knows what runs"
for program in az envsubst; do
  command -v "$program" > /dev/null || fail "$program is not installed"
done

NAME=${NAME:-pneumonet}
CORS_ORIGINS=${CORS_ORIGINS:-}
# What else stood there would be read as YAML.
[[ $API_KEYS =~ ^[A-Za-z0-9._:+,\ -]+$ ]] || fail "API_KEYS must be lines of python -m backend key, commas between them"
[[ $NAME =~ ^[a-z][a-z0-9-]{1,30}[a-z0-9]$ ]] || fail "NAME must be 3 to 32 lower-case letters, digits and dashes"

subscription=$(az account show --query name --output tsv 2> /dev/null) || fail "log in first: az login"
REGISTRY_SERVER=$(az acr show --name "$REGISTRY" --query loginServer --output tsv) ||
  fail "there is no registry $REGISTRY in $subscription"
az acr repository show --name "$REGISTRY" --image "pneumonet:$IMAGE_TAG" --output none ||
  fail "push the image first: az acr build --registry $REGISTRY --image pneumonet:$IMAGE_TAG --file Dockerfile.combined ."
IMAGE=$REGISTRY_SERVER/pneumonet:$IMAGE_TAG

say "resource group $RESOURCE_GROUP in $LOCATION ($subscription)"
az group create --name "$RESOURCE_GROUP" --location "$LOCATION" --output none

say "identity $NAME, which may pull from $REGISTRY"
az identity create --resource-group "$RESOURCE_GROUP" --name "$NAME" --location "$LOCATION" --output none
IDENTITY_ID=$(az identity show --resource-group "$RESOURCE_GROUP" --name "$NAME" --query id --output tsv)
principal=$(az identity show --resource-group "$RESOURCE_GROUP" --name "$NAME" --query principalId --output tsv)
registry_id=$(az acr show --name "$REGISTRY" --query id --output tsv)
az role assignment create --role AcrPull --scope "$registry_id" \
  --assignee-object-id "$principal" --assignee-principal-type ServicePrincipal --output none

ENVIRONMENT_ID=
if [ "$kind" = app ]; then
  say "environment $NAME"
  az containerapp env show --resource-group "$RESOURCE_GROUP" --name "$NAME" --output none 2> /dev/null ||
    az containerapp env create --resource-group "$RESOURCE_GROUP" --name "$NAME" --location "$LOCATION" --output none
  ENVIRONMENT_ID=$(az containerapp env show --resource-group "$RESOURCE_GROUP" --name "$NAME" --query id --output tsv)
fi

filled=$(mktemp --suffix=.yaml)
trap 'rm -f "$filled"' EXIT
export NAME LOCATION IMAGE REGISTRY_SERVER IDENTITY_ID ENVIRONMENT_ID CORS_ORIGINS API_KEYS
# shellcheck disable=SC2016 # the names of what is filled in, not their values
envsubst '$NAME $LOCATION $IMAGE $REGISTRY_SERVER $IDENTITY_ID $ENVIRONMENT_ID $CORS_ORIGINS $API_KEYS' \
  < "$template" > "$filled"

say "$IMAGE by $template"
if [ "$kind" = app ]; then
  # On an app that exists, create applies the file as update does.
  az containerapp create --resource-group "$RESOURCE_GROUP" --name "$NAME" --yaml "$filled" --output none
  host=$(az containerapp show --resource-group "$RESOURCE_GROUP" --name "$NAME" \
    --query properties.configuration.ingress.fqdn --output tsv)
  say "serving at https://$host"
else
  az container create --resource-group "$RESOURCE_GROUP" --file "$filled" --output none
  host=$(az container show --resource-group "$RESOURCE_GROUP" --name "$NAME" --query ipAddress.fqdn --output tsv)
  say "serving at http://$host:8080, without HTTPS: for a trial with drawn films only"
fi
