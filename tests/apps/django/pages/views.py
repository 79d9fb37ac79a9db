from django.http import HttpResponse

from .models import Visit


def index(request):
    Visit.objects.create()
    return HttpResponse(f"Hello from Django, visit {Visit.objects.count()}")
