# Node 22 although 20.20 is enough for the code: the image gets security updates for longer.
FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY build.mjs tsconfig.json ./
COPY public public
COPY src src
RUN npm run build && npm prune --omit=dev --omit=optional
# Production never starts the simulator, so its files are for the demonstration only.
RUN mkdir -p demonstration/dist demonstration/public \
  && mv dist/stripe-simulator demonstration/dist/ && mv public/stripe-simulator demonstration/public/

FROM node:22-bookworm-slim AS shop
WORKDIR /app
# For the pid file and generated secrets; the database is elsewhere.
RUN mkdir .data && chown node:node .data
COPY package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY --from=build /app/public public
COPY migrations migrations
USER node
ENV HOST=0.0.0.0 PORT=3000
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Not npm, so that signals reach the program. For one process per container: node dist/main.js.
CMD ["node", "dist/supervisor.js"]

# The shop with simulated payments, open to everybody who reaches it: docker build --target demonstration. It needs DATABASE_URL;
# `docker compose up` brings a Postgres.
FROM shop AS demonstration
COPY --from=build /app/demonstration ./
# Compose publishes its ports to this machine only.
ENV NODE_ENV=development OPERATOR_ACCESS=open
EXPOSE 8086

# The default target is the last one.
FROM shop AS production
ENV NODE_ENV=production
