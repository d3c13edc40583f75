# Verbatim's image: built with everything, shipped without compilers and tests, run as an ordinary user.
FROM node:26-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json tsconfig.build.json ./
COPY src ./src
# `npm ci` ends with the `prepare` script, which compiles src/ to dist/; then only what runs is kept.
RUN npm ci --no-audit --no-fund && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:26-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080 VERBATIM_DATA=/data
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# A volume mounted here begins with this owner.
RUN mkdir /data && chown node:node /data
VOLUME /data
USER node
EXPOSE 8080
CMD ["node", "--v8-pool-size=0", "--max-semi-space-size=64", "--no-flush-bytecode", "--heap-growing-percent=300", "--expose-gc", "dist/main.js"]
