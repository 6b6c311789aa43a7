from django.core.cache import cache
from django.http import HttpResponse, JsonResponse

from catalogue.models import Product
from orders.models import Order


def home(request):
    """Reads both databases and the cache, as most pages of a shop do."""
    orders = Order.objects.count()
    products = Product.objects.count()
    cache.add("visits", 0)
    return JsonResponse({"orders": orders, "products": products, "visits": cache.incr("visits")})


def healthz(request):
    """For liveness: answers while the process does, and asks nothing else."""
    return HttpResponse("alive\n", content_type="text/plain")
